#!/usr/bin/env python3
"""Does it learn? Trains shipped configurations over several seeds and writes what came out.

    benchmarks/learning.py cartpole                   five seeds of 100,000 env_steps, a few minutes
    benchmarks/learning.py minatar breakout           three seeds of 500,000 frames, about half an hour
    benchmarks/learning.py minatar space_invaders
    benchmarks/learning.py backends breakout         four backends, two seeds of 300,000 frames each, an hour and a half
    benchmarks/learning.py arithmetic breakout       how an update is computed: three ways, five seeds of 300,000 env_steps
    benchmarks/learning.py arithmetic breakout --ways direct     one of them; the others' results stay
    benchmarks/learning.py pong                      Atari Pong, one seed of 2,000,000 env_steps, an hour and a half

Runs go to runs/learning and are skipped when they are complete; the summary goes to
docs/learning/NAME.json and is printed.
"""

import argparse
import concurrent.futures
import csv
import json
import math
import os
import statistics
import subprocess

from timed_run import DQND, ROOT

RUNS = ROOT / "runs" / "learning"


def file_of(name):
    return ROOT / "docs" / "learning" / f"{name}.json"


def train(config, name, *overrides):
    """The run directory of a finished run."""
    command = [DQND, "train", ROOT / "configs" / config, f"run.directory={RUNS}", f"run.name={name}", *overrides]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return RUNS / name


def evaluate(run):
    done = subprocess.run([DQND, "evaluate", run, "--episodes", "100", "--json"], check=True, capture_output=True)
    return json.loads(done.stdout)


def column(path, name):
    with open(path) as file:
        return [(int(row["time/total_timesteps"]), float(row[name])) for row in csv.DictReader(file) if row[name]]


def standard_error(values):
    return round(statistics.stdev(values) / math.sqrt(len(values)), 3) if len(values) > 1 else None


def cartpole(seeds):
    """Mean over 100 fresh episodes of the best periodic evaluation's network, by seed."""
    scores = {}
    for seed in seeds:
        run = train("classic/cartpole.yaml", f"cartpole-{seed}", f"run.seed={seed}")
        scores[seed] = evaluate(run)["mean_reward"]
        print(f"seed {seed}: {scores[seed]}", flush=True)
    return {"scores": scores, "reached_475": sum(score >= 475 for score in scores.values())}


def minatar(game, seeds):
    """Mean training return (epsilon 0.1) over the last 10 % of 500,000 frames, as the published curves have it,
    by seed, with the standard error over seeds."""
    finals = {}
    for seed in seeds:
        run = train(f"minatar/{game}.yaml", f"{game}-{seed}", f"run.seed={seed}", "train.total_env_steps=500000",
                    "evaluation.every_env_steps=100000")
        returns = column(run / "progress.csv", "rollout/ep_rew_mean")
        finals[seed] = round(statistics.mean(value for env_step, value in returns if env_step > 450_000), 3)
        print(f"seed {seed}: {finals[seed]}", flush=True)
    values = list(finals.values())
    return {"frames": 500_000, "final_means": finals, "mean": round(statistics.mean(values), 3),
            "standard_error": standard_error(values)}


# How an update is computed changes its numbers in the last bits (reference) or after the eighth (bfloat16).
ARITHMETIC = {
    "direct": [],
    "reference": ["train.learner=reference"],
    "bfloat16": ["train.precision=bfloat16"],
}


def arithmetic(game, ways, seeds, known):
    """By way: mean training return (epsilon 0.1) over the last 10 % of 300,000 env_steps by seed, its mean and standard error,
    and the mean curve with its standard errors. As many runs at a time as there are processors, on one thread each."""
    def one(way, seed):
        return train(f"minatar/{game}.yaml", f"{game}-{way}-{seed}", f"run.seed={seed}", "train.total_env_steps=300000",
                     "train.threads=1", "evaluation.every_env_steps=0", "server.listen=~", *ARITHMETIC[way])

    summary = {**known, "env_steps": 300_000}
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        by_way = {way: [pool.submit(one, way, seed) for seed in seeds] for way in ways}
        try:
            by_way = {way: [run.result() for run in runs] for way, runs in by_way.items()}
        finally:
            pool.shutdown(cancel_futures=True)
    for way, runs in by_way.items():
        curves = [column(run / "progress.csv", "rollout/ep_rew_mean") for run in runs]
        finals = [statistics.mean(value for env_step, value in curve if env_step > 270_000) for curve in curves]
        summary[way] = {
            "final_means": {seed: round(final, 3) for seed, final in zip(seeds, finals)},
            "mean": round(statistics.mean(finals), 3),
            "standard_error": standard_error(finals),
            "curve": [[rows[0][0], round(statistics.mean(value for _, value in rows), 3), standard_error([value for _, value in rows])]
                      for rows in list(zip(*curves))[9::10]],
        }
        print(way, {key: value for key, value in summary[way].items() if key != "curve"}, flush=True)
    return summary


# Training returns of Dopamine's DQN on Pong (with sticky actions) in its first 250,000 env_steps, its second, and so on:
# five runs, from baselines/atari/data/pong.json of google/dopamine.
DOPAMINE_PONG = [
    [-20.33, -19.31, -17.85, -17.30, -17.20, -15.51, -14.10, -13.70],
    [-20.32, -19.19, -17.31, -15.30, -13.22, -9.13, -3.31, 4.89],
    [-20.36, -18.47, -15.10, -14.50, -11.35, -10.22, -7.11, -3.31],
    [-20.56, -20.70, -20.26, -20.11, -20.26, -20.51, -20.30, -20.21],
    [-20.18, -17.95, -17.25, -15.68, -14.77, -12.76, -10.38, -10.37],
]


def pong(seeds):
    """Training return by env_step, and periodic evaluations, of each seed, beside the published runs."""
    curves, evaluations = {}, {}
    for seed in seeds:
        run = train("atari/pong_fast.yaml", f"pong-{seed}", f"run.seed={seed}", "train.total_env_steps=2000000",
                    "evaluation.every_env_steps=100000")
        curves[seed] = column(run / "progress.csv", "rollout/ep_rew_mean")[9::10]
        with open(run / "evaluations.csv") as file:
            evaluations[seed] = [(int(row["env_steps"]), float(row["mean_reward"])) for row in csv.DictReader(file)]
        print(f"seed {seed}: {curves[seed][-1]}, best evaluation {max(evaluations[seed], key=lambda e: e[1])}", flush=True)
    return {"curves": curves, "evaluations": evaluations, "dopamine_by_250000_env_steps": DOPAMINE_PONG}


# Adam for all: 3e-4 learns more than 1e-3 with float layers, less with binarized ones.
ADAM = ["optimizer.name=adam", "optimizer.alpha=~", "optimizer.centered=~", "optimizer.epsilon=~"]
# A student has the better float run of its game and seed as its teacher.
BACKENDS = {
    "float": ["optimizer.learning_rate=3e-4"],
    "binary_connect": ["network.backend=binary_connect", "optimizer.learning_rate=1e-3"],
    "xnor_net": ["network.backend=xnor_net", "optimizer.learning_rate=1e-3"],
    "bnn": ["network.backend=bnn", "optimizer.learning_rate=1e-3"],
    "float-3_steps": ["optimizer.learning_rate=3e-4", "train.n_steps=3"],
    "xnor_net-3_steps": ["network.backend=xnor_net", "optimizer.learning_rate=1e-3", "train.n_steps=3"],
    "bnn-3_steps": ["network.backend=bnn", "optimizer.learning_rate=1e-3", "train.n_steps=3"],
    "bnn-student": ["network.backend=bnn", "optimizer.learning_rate=1e-3", "train.teacher={teacher}"],
}


def backends(game, seeds):
    """By backend: mean training return over the last 10 % of 300,000 frames, and the best periodic evaluation's network
    over 100 fresh episodes, by seed, with their share of float's."""
    finals, best = {}, {}
    for name, overrides in BACKENDS.items():
        finals[name], best[name] = {}, {}
        for seed in seeds:
            teacher = RUNS / f"{game}-float-3_steps-{seed}"
            run = train(f"minatar/{game}.yaml", f"{game}-{name}-{seed}", f"run.seed={seed}",
                        "train.total_env_steps=300000", "evaluation.every_env_steps=50000", "evaluation.episodes=30", *ADAM,
                        *[override.format(teacher=teacher) for override in overrides])
            returns = column(run / "progress.csv", "rollout/ep_rew_mean")
            finals[name][seed] = round(statistics.mean(value for env_step, value in returns if env_step > 270_000), 3)
            best[name][seed] = evaluate(run)["mean_reward"]
            print(f"{name}, seed {seed}: {finals[name][seed]}, best network {best[name][seed]}", flush=True)
    means = {what: {name: statistics.mean(values.values()) for name, values in scores.items()}
             for what, scores in [("final", finals), ("best", best)]}
    shares = {what: {name: round(mean / by_name["float"], 3) for name, mean in by_name.items()}
              for what, by_name in means.items()}
    return {"frames": 300_000, "final_means": finals, "best_networks": best, "shares_of_float": shares}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cartpole", "minatar", "backends", "arithmetic", "pong"])
    parser.add_argument("game", nargs="?", default="breakout")
    parser.add_argument("--seeds", type=int, nargs="+")
    parser.add_argument("--ways", nargs="+", choices=ARITHMETIC, default=list(ARITHMETIC))
    arguments = parser.parse_args()
    if arguments.what == "cartpole":
        name, summary = "cartpole", cartpole(arguments.seeds or [1, 2, 3, 4, 5])
    elif arguments.what == "pong":
        name, summary = "pong", pong(arguments.seeds or [1])
    elif arguments.what == "arithmetic":
        name = f"arithmetic-{arguments.game}"
        known = json.loads(file_of(name).read_text()) if file_of(name).exists() else {}
        summary = arithmetic(arguments.game, arguments.ways, arguments.seeds or [1, 2, 3, 4, 5], known)
    elif arguments.what == "backends":
        name, summary = f"backends-{arguments.game}", backends(arguments.game, arguments.seeds or [1, 2])
    else:
        name, summary = f"minatar-{arguments.game}", minatar(arguments.game, arguments.seeds or [1, 2, 3])
    file_of(name).parent.mkdir(parents=True, exist_ok=True)
    file_of(name).write_text(json.dumps(summary, indent=1) + "\n")
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
