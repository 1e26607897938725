#!/usr/bin/env python3
"""What a run costs beside learning: its start, and its checkpoints and metrics at default settings.

    benchmarks/overhead.py                 medians of five rounds, about ten minutes
    benchmarks/overhead.py --rounds 1

Start: `dqnd train` of one env_step, from the command to the end of the process, its only checkpoint included.
Checkpoints and metrics: whole runs with and without them, in turn, in processor time of one thread and the writer's."""

import argparse
import pathlib
import resource
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
DQND = ROOT / "build/release/bin/dqnd"

CONFIGURATIONS = {
    "CartPole": ["configs/classic/cartpole.yaml"],
    "MinAtar": ["configs/quickstart.yaml"],
    "Atari": ["configs/atari/nature.yaml", "replay.buffer_size=100000"],
}
NOTHING_WRITTEN = ["checkpoint.every_env_steps=0", "metrics.csv=false", "metrics.tensorboard=false", "metrics.console=false"]


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(config, *overrides, clock=time.perf_counter):
    with tempfile.TemporaryDirectory() as folder:
        began = clock()
        subprocess.run([DQND, "train", ROOT / config, f"run.directory={folder}", "server.listen=127.0.0.1:0", *overrides],
                       check=True, stdout=subprocess.DEVNULL)
        return clock() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = range(parser.parse_args().rounds)
    for name, (config, *overrides) in CONFIGURATIONS.items():
        one = ["train.total_env_steps=1", "train.learning_starts=1", "evaluation.every_env_steps=0"]
        times = [seconds(config, *overrides, *one) for _ in rounds]
        print(f"{name}: a run of one env_step takes {statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})", flush=True)
    costs = []
    config, length = "configs/quickstart.yaml", ["train.total_env_steps=110000", "evaluation.every_env_steps=0", "train.threads=1"]
    for _ in rounds:
        plain = seconds(config, *length, *NOTHING_WRITTEN, clock=processor_seconds)
        costs.append(seconds(config, *length, clock=processor_seconds) / plain - 1)
        print(f"MinAtar, 110,000 env_steps: checkpoints and metrics cost {100 * costs[-1]:+.2f} % of {plain:.1f} s", flush=True)
    print(f"median {100 * statistics.median(costs):+.2f} % ({100 * min(costs):+.2f} to {100 * max(costs):+.2f})")


if __name__ == "__main__":
    main()
