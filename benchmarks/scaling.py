#!/usr/bin/env python3
"""How the cost of a run grows with one setting, all others as in the side-by-side runs: env_steps/s and memory.

    ./dev bench --scaling                      everything, about twenty minutes
    ./dev bench --scaling minatar batch        one workload, one setting; any of them

The memory is full when the clock starts (the newest 10,000 transitions where the setting is another). The peak is the whole
process's. Results go to docs/performance/PROCESSOR/scaling.json and to a plot beside it."""

import argparse

import measured
from side_by_side import BREAKOUT, MINATAR
from timed_run import time_run

WORKLOADS = {"breakout": [*BREAKOUT, "replay.codec=lz4"], "minatar": MINATAR}
SETTINGS = {
    "environments": ("environment.n_envs", [1, 2, 4, 8, 16, 32, 64]),
    "buffer": ("replay.buffer_size", [10_000, 100_000, 1_000_000]),
    "batch": ("train.batch_size", [32, 64, 128, 256, 512]),
    "width": ("network.width", [1, 2, 4]),
}


def overrides_of(setting, value):
    buffer = value if setting == "buffer" else 10_000
    # Random play, which is quick, until the memory is full; on more games, which fill it sooner.
    filling = ["environment.n_envs=8"] if setting == "buffer" else []
    return [f"replay.buffer_size={buffer}", f"train.learning_starts={buffer}", *filling, f"{SETTINGS[setting][0]}={value}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="of " + ", ".join([*WORKLOADS, *SETTINGS]))
    parser.add_argument("--seconds", type=float, default=6)
    arguments = parser.parse_args()
    chosen = [name for name in arguments.what if name in SETTINGS] or list(SETTINGS)
    workloads = [name for name in arguments.what if name in WORKLOADS] or list(WORKLOADS)
    results = measured.load("scaling") or {}
    for workload in workloads:
        for setting in chosen:
            curve = []
            for value in SETTINGS[setting][1]:
                curve.append({"value": value} | time_run([*WORKLOADS[workload], *overrides_of(setting, value)], arguments.seconds))
                print(f"{workload}, {SETTINGS[setting][0]}={value}: {curve[-1]}", flush=True)
            results.setdefault(workload, {})[setting] = curve
            measured.save("scaling", results)
    measured.draw("scaling")


if __name__ == "__main__":
    main()
