#!/usr/bin/env python3
"""Draws measurements as an SVG beside each: plots.py docs/learning/pong.json docs/performance/*/*.json"""

import json
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt


def side_by_side(measured, axes):
    """env_steps/s of dqnd and of each peer, as multiples of the fastest peer's median; a line from lowest to highest."""
    names = []
    for place, result in enumerate(measured["results"]):
        rounds = result["rounds"]
        contenders = [name for name in rounds[0] if name != "ratio"]
        best = max(statistics.median([each[name] for each in rounds]) for name in contenders if name != "dqnd")
        for offset, name in enumerate(contenders):
            values = [each[name] / best for each in rounds]
            names += [name] if name not in names else []
            at, middle = place + 0.25 * (offset - (len(contenders) - 1) / 2), statistics.median(values)
            axes.barh(at, middle, 0.23, color=f"C{names.index(name)}", label=name)
            axes.plot([min(values), max(values)], [at, at], color="black", linewidth=1)
            rate = statistics.median([each[name] for each in rounds])
            axes.text(max(values) + 0.05, at, f"{rate:,.0f}", va="center", fontsize=7)
    axes.set_yticks(range(len(measured["results"])), [result["workload"] for result in measured["results"]])
    axes.invert_yaxis()
    axes.axvline(1, color="gray", linewidth=0.8, linestyle=":")
    axes.margins(x=0.1)
    axes.set_xlabel("env_steps/s (the numbers), in multiples of the fastest peer's")
    by_name = dict(zip(*reversed(axes.get_legend_handles_labels())))
    axes.legend(by_name.values(), by_name.keys(), fontsize=8)


def scaling(measured, axes):
    """A column a setting: env_steps/s above, the process's peak memory below, a line a workload, both axes logarithmic."""
    for column, setting in enumerate(["environments", "buffer", "batch", "width"]):
        for workload, curves in measured["results"].items():
            curve = curves.get(setting, [])
            values = [point["value"] for point in curve]
            axes[0][column].plot(values, [point["env_steps_per_s"] for point in curve], marker=".", label=workload)
            axes[1][column].plot(values, [point["peak_bytes"] / 2**20 for point in curve], marker=".", label=workload)
        for row in axes:
            row[column].set_xscale("log", base=10 if setting == "buffer" else 2)
            row[column].set_yscale("log")
            row[column].grid(linewidth=0.3)
        axes[1][column].set_xlabel(setting)
    axes[0][0].set_ylabel("env_steps/s")
    axes[1][0].set_ylabel("peak memory, MiB")
    axes[0][0].legend(fontsize=8)


def pong(measured, axes):
    """Training returns over env_steps, dots for evaluations; thin lines for what was published."""
    for number, published in enumerate(measured["dopamine_by_250000_env_steps"]):
        axes.plot([250_000 * (i + 0.5) for i in range(len(published))], published, color="gray", linewidth=0.8,
                  label="Dopamine's DQN, five runs, sticky actions" if number == 0 else None)
    for seed, curve in measured["curves"].items():
        axes.plot(*zip(*curve), label="dqnd, configs/atari/pong_fast.yaml")
        axes.plot(*zip(*measured["evaluations"][seed]), "o", markersize=4, markerfacecolor="none", label="its evaluations")
    axes.set_xlabel("env_steps")
    axes.set_ylabel("return of a game")
    axes.grid(linewidth=0.3)
    axes.legend(fontsize=8)


def arithmetic(measured, axes):
    """Mean training return over env_steps of each way to compute an update, with its standard error."""
    for way, result in measured.items():
        if way == "env_steps":
            continue
        env_steps, means, errors = zip(*[(at, mean, error or 0) for at, mean, error in result["curve"]])
        (line,) = axes.plot(env_steps, means, label=way)
        axes.fill_between(env_steps, [mean - error for mean, error in zip(means, errors)],
                          [mean + error for mean, error in zip(means, errors)], color=line.get_color(), alpha=0.2, linewidth=0)
    axes.set_xlabel("env_steps")
    axes.set_ylabel("return of training, mean and its error over seeds")
    axes.grid(linewidth=0.3)
    axes.legend(fontsize=8)


# By name of the measurement, up to its dash: what draws it, rows and columns of axes.
PLOTS = {"side_by_side": (side_by_side, 1, 1), "scaling": (scaling, 2, 4), "pong": (pong, 1, 1), "arithmetic": (arithmetic, 1, 1)}


def main():
    for file in map(pathlib.Path, sys.argv[1:]):
        measured = json.loads(file.read_text())
        draw, rows, columns = PLOTS[file.stem.partition("-")[0]]
        figure, axes = plt.subplots(rows, columns, figsize=(max(8, 2.5 * columns), 5), layout="constrained")
        draw(measured, axes)
        if "processor" in measured:
            figure.suptitle(f"{measured['processor']}, {measured['processors']} processors", fontsize=9)
        plt.rcParams["svg.hashsalt"] = file.stem
        figure.savefig(file.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
