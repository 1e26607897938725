#!/usr/bin/env python3
"""Runs the micro-benchmarks, then whole runs of dqnd, and prints their env_steps/s.

    ./dev bench                    everything
    ./dev bench --micro            the micro-benchmarks alone
    ./dev bench --parts            a cycle's parts beside their floors: see benchmarks/parts.cc
    ./dev bench --runs             whole runs alone: each workload, median of three windows
    ./dev bench --runs breakout    one workload
    ./dev bench --peers            whole runs beside other libraries: see benchmarks/side_by_side.py

A whole run is `dqnd train` as a user starts it; env_steps/s are read from its progress.csv, over the
rows after learning began. --threads sets train.threads; `auto` is what a user gets by default.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build" / "release" / "bin"

# The settings of the other libraries' runs that dqnd is compared with.
WORKLOADS = {
    "breakout": [
        "configs/atari/nature.yaml", "environment.id=ale:breakout", "optimizer.name=adam", "optimizer.alpha=~",
        "optimizer.epsilon=~", "optimizer.learning_rate=1e-4", "replay.buffer_size=100000", "train.learning_starts=1000",
        "train.train_freq=4", "train.target_update_interval=1000", "exploration.initial_eps=0.05",
        "exploration.final_eps=0.05", "train.total_env_steps=5200",
    ],
    "minatar": [
        "configs/minatar/breakout.yaml", "train.learning_starts=1000", "exploration.initial_eps=0.1",
        "exploration.final_eps=0.1", "train.total_env_steps=16000",
    ],
    "cartpole": [
        "configs/classic/cartpole.yaml", "network.hidden_sizes=[64, 64]", "train.batch_size=32", "train.train_freq=4",
        "train.learning_starts=1000", "train.target_update_interval=10000", "exploration.initial_eps=0.05",
        "exploration.final_eps=0.05", "train.max_grad_norm=10", "train.total_env_steps=40000",
    ],
}


def whole_run(workload, threads):
    """env_steps/s of the run's last three quarters, in three windows."""
    config, *overrides = WORKLOADS[workload]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [PROGRAMS / "dqnd", "train", ROOT / config, *overrides, f"run.directory={folder}", "run.name=bench",
             "metrics.every_env_steps=200", "evaluation.every_env_steps=0", "checkpoint.every_env_steps=0",
             f"train.threads={threads}"],
            check=True, stdout=subprocess.DEVNULL)
        with open(pathlib.Path(folder) / "bench" / "progress.csv") as file:
            rows = [(int(r["time/total_timesteps"]), float(r["time/time_elapsed"])) for r in csv.DictReader(file)]
    rows = rows[len(rows) // 4:]
    cuts = [rows[i * (len(rows) - 1) // 3] for i in range(4)]
    windows = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in zip(cuts, cuts[1:])]
    return {
        "workload": workload, "env_steps_per_s": round(statistics.median(windows), 1),
        "min": round(min(windows), 1), "max": round(max(windows), 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--micro", action="store_true")
    parser.add_argument("--runs", nargs="*", metavar="WORKLOAD", choices=list(WORKLOADS))
    parser.add_argument("--threads", default="auto")
    arguments = parser.parse_args()
    everything = not arguments.micro and arguments.runs is None
    if arguments.micro or everything:
        for program in sorted(PROGRAMS.glob("*_benchmark")):
            subprocess.run([program], check=True)
    if arguments.runs is not None or everything:
        for workload in arguments.runs or WORKLOADS:
            print(json.dumps(whole_run(workload, arguments.threads)), flush=True)


if __name__ == "__main__":
    main()
