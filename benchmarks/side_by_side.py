#!/usr/bin/env python3
"""Whole runs of dqnd and of other libraries, in turn, with the same hyperparameters on the same processors.

    ./dev bench --peers                        every workload: the medians of five rounds, about forty minutes
    ./dev bench --peers minatar --rounds 3     one of them

A round runs each contender once; the ratio is to the fastest peer of the same round. dqnd is `dqnd train` as a user starts
it, without evaluations, which the peers have none of, and read from its progress.csv; the peers are in benchmarks/peers.
Everybody is timed for the same seconds, after learning began and three more. Results go to
docs/performance/PROCESSOR/side_by_side.json, where those of workloads that were not run today stay, and to a plot beside
it."""

import argparse
import json
import statistics
import subprocess

import measured
from timed_run import ROOT, time_run

PEERS = ROOT / "benchmarks/peers"

ADAM = ["optimizer.name=adam", "optimizer.alpha=~", "optimizer.epsilon=~", "optimizer.centered=~", "optimizer.learning_rate=1e-4"]
BREAKOUT = ["configs/atari/nature.yaml", "environment.id=ale:breakout", *ADAM, "replay.buffer_size=100000",
            "train.learning_starts=1000", "train.train_freq=4", "train.target_update_interval=1000",
            "exploration.initial_eps=0.05", "exploration.final_eps=0.05", "metrics.every_env_steps=100"]
MINATAR = ["configs/minatar/breakout.yaml", "train.learning_starts=1000", "exploration.initial_eps=0.1",
           "exploration.final_eps=0.1", "metrics.every_env_steps=500"]
CARTPOLE = ["configs/classic/cartpole.yaml", *ADAM, "network.hidden_sizes=[64, 64]", "replay.buffer_size=100000",
            "train.batch_size=32", "train.tau=1.0", "train.n_steps=1", "train.learning_starts=1000",
            "train.target_update_interval=1000", "exploration.initial_eps=0.05", "exploration.final_eps=0.05",
            "metrics.every_env_steps=2000"]

# The games alone: every action is random, and nothing is learned.
NEVER = 10**9
GAMES_ALONE = [*BREAKOUT, "exploration.initial_eps=1", "exploration.final_eps=1"]
BFLOAT16 = [*BREAKOUT, "train.precision=bfloat16"]

# For each workload: parallel environments, env_steps an update, threads, dqnd's settings and the peers.
WORKLOADS = {
    "breakout": (1, 4, 2, BREAKOUT, ["sb3_dqn.py", "single_file_dqn.py"]),
    "breakout, 8 environments": (8, 4, 2, BREAKOUT, ["sb3_dqn.py"]),
    "breakout, bfloat16": (1, 4, 2, BFLOAT16, ["sb3_dqn.py", "single_file_dqn.py"]),
    "breakout, games alone": (8, NEVER, 2, GAMES_ALONE, ["envpool_atari.py"]),
    "minatar": (1, 1, 2, MINATAR, ["sb3_dqn.py", "jax_dqn.py"]),
    "cartpole": (1, 1, 2, CARTPOLE, ["sb3_dqn.py", "jax_dqn.py"]),
    "cartpole, 8 environments": (8, 4, 2, CARTPOLE, ["sb3_dqn.py", "jax_dqn.py"]),
}


def time_dqnd(settings, envs, env_steps_per_update, seconds):
    rate = time_run([*settings, f"environment.n_envs={envs}", f"train.train_freq={env_steps_per_update}"], seconds,
                    learns=env_steps_per_update != NEVER)
    return {"peer": "dqnd", **rate}


def time_peer(script, workload, envs, env_steps_per_update, threads, seconds):
    python = ROOT / "build/deps" / ("jax_peers" if script.startswith("jax") else "torch_peers") / "bin/python"
    task = [] if script == "envpool_atari.py" else [workload, "--env-steps-per-update", str(env_steps_per_update)]
    done = subprocess.run(
        [python, PEERS / script, *task, "--envs", str(envs), "--threads", str(threads), "--seconds", str(seconds)],
        check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def side_by_side(name, rounds, seconds):
    envs, env_steps_per_update, threads, settings, scripts = WORKLOADS[name]
    results = []
    for number in range(rounds):
        found = [time_dqnd(settings, envs, env_steps_per_update, seconds)]
        found += [time_peer(script, name.split(",")[0], envs, env_steps_per_update, threads, seconds) for script in scripts]
        best = max(each["env_steps_per_s"] for each in found[1:])
        results.append({each["peer"]: each["env_steps_per_s"] for each in found} | {"ratio": found[0]["env_steps_per_s"] / best})
        print(f"{name}, round {number + 1}: {results[-1]}", flush=True)
    return {"workload": name, "n_envs": envs, "env_steps_per_update": env_steps_per_update, "threads": threads,
            "seconds": seconds, "rounds": results}


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(result):
    names = [name for name in result["rounds"][0] if name != "ratio"]
    cells = [f"{name} {spread([each[name] for each in result['rounds']], 0)}" for name in names]
    return f"{result['workload']:<28}{spread([each['ratio'] for each in result['rounds']], 2):<24}" + "; ".join(cells)


def save(result):
    results = [other for other in measured.load("side_by_side") or [] if other["workload"] != result["workload"]] + [result]
    results.sort(key=lambda each: list(WORKLOADS).index(each["workload"]))
    measured.save("side_by_side", results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", default=list(WORKLOADS), help=", ".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15)
    arguments = parser.parse_args()
    for name in arguments.workloads:
        if name not in WORKLOADS:
            parser.error(f"there is no workload {name}; there are: {', '.join(WORKLOADS)}")
    for what in ("torch_peers", "jax_peers"):
        subprocess.run([ROOT / "tools/dependencies/fetch", what, ROOT / "build/deps"], check=True)
    results = []
    for name in arguments.workloads:
        results.append(side_by_side(name, arguments.rounds, arguments.seconds))
        save(results[-1])
    print(f"\n{'workload':<28}{'dqnd / fastest peer':<24}env_steps/s: median (lowest to highest)")
    for result in results:
        print(table(result))
    measured.draw("side_by_side")


if __name__ == "__main__":
    main()
