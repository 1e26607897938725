#!/usr/bin/env python3
"""What a run costs beside learning: its start, and its checkpoints and metrics at default settings.

    benchmarks/overhead.py                 medians of five rounds, about three minutes
    benchmarks/overhead.py --rounds 1

Start: `dqnd train` of one env_step, from the command to the end of the process, its only checkpoint included.
Checkpoints and metrics: a run that writes them a hundred times as often as at default settings and one that writes none,
side by side on two processors, in processor time of each process; then the other way round. A hundredth of the difference
is what they cost, and noise is divided by a hundred with it."""

import argparse
import math
import os
import statistics
import subprocess
import tempfile
import time

from timed_run import DQND, ROOT, reap

CONFIGURATIONS = {
    "CartPole": ["configs/classic/cartpole.yaml"],
    "MinAtar": ["configs/quickstart.yaml"],
    "Atari": ["configs/atari/nature.yaml", "replay.buffer_size=100000"],
}
OFTEN = ["checkpoint.every_env_steps=500", "metrics.every_env_steps=10"]  # of 50,000 and 1,000
NOTHING_WRITTEN = ["checkpoint.every_env_steps=0", "metrics.csv=false", "metrics.tensorboard=false", "metrics.console=false"]


def start(folder, config, *overrides, processors=os.sched_getaffinity(0)):
    return subprocess.Popen([DQND, "train", ROOT / config, f"run.directory={folder}", "server.listen=127.0.0.1:0", *overrides],
                            stdout=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, processors))


def seconds(config, *overrides):
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        reap(start(folder, config, *overrides))
        return time.perf_counter() - began


def processor_seconds(*runs):
    """Of each run, on a processor of its own and at the same time, so that a slow phase of one is mostly one of the other."""
    with tempfile.TemporaryDirectory() as folder:
        processes = [start(f"{folder}/{processor}", *run, processors={processor})
                     for processor, run in zip(sorted(os.sched_getaffinity(0)), runs)]
        uses = [reap(process) for process in processes]
    return [used.ru_utime + used.ru_stime for used in uses]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = range(parser.parse_args().rounds)
    for name, (config, *overrides) in CONFIGURATIONS.items():
        one = ["train.total_env_steps=1", "train.learning_starts=1", "evaluation.every_env_steps=0"]
        times = [seconds(config, *overrides, *one) for _ in rounds]
        print(f"{name}: a run of one env_step takes {statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})", flush=True)
    costs = []
    run = ["configs/quickstart.yaml", "train.total_env_steps=20000", "evaluation.every_env_steps=0", "train.threads=1"]
    for _ in rounds:
        plain, often = processor_seconds([*run, *NOTHING_WRITTEN], [*run, *OFTEN])
        other_often, other_plain = processor_seconds([*run, *OFTEN], [*run, *NOTHING_WRITTEN])
        costs.append(math.sqrt(often / plain * other_often / other_plain) - 1)
    print(f"MinAtar: checkpoints and metrics cost {statistics.median(costs):.2f} % ({min(costs):.2f} to {max(costs):.2f})")


if __name__ == "__main__":
    main()
