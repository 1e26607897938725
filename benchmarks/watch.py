#!/usr/bin/env python3
"""What being watched costs a run that trains.

    benchmarks/watch.py                 MinAtar Breakout and Atari Breakout
    benchmarks/watch.py minatar --rounds 20

In turns, within one run: no stream, one stream, ten streams of 60 moments a second whose clients read
and discard. Each turn is compared with the one without a stream beside it; medians and quartiles of
the ratios are printed, of the training thread's processor time and of wall time.
"""

import argparse
import json
import statistics
import subprocess

from watched_run import PROGRAMS, training

# Cycles a turn: two to four seconds.
CYCLES = {"minatar": 2000, "atari": 300}


def measure(name, rounds):
    with training(name) as (process, run):
        done = subprocess.run([PROGRAMS / "watch_cost", run, str(process.pid), str(rounds), str(CYCLES[name])],
                              check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def report(name, turns):
    baseline = [turn for turn in turns if turn["streams"] == 0]
    for streams in (1, 10):
        watched = [turn for turn in turns if turn["streams"] == streams]
        for what in ("processor", "wall"):
            ratios = [100 * (turn[what] / base[what] - 1) for turn, base in zip(watched, baseline)]
            low, median, high = statistics.quantiles(ratios, n=4)
            print(f"{name:8} {streams:2} streams: {what:9} time {median:+.2f} % (quartiles {low:+.2f} to {high:+.2f}, "
                  f"{len(ratios)} pairs)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help=" or ".join(CYCLES))
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    for name in arguments.runs or CYCLES:
        report(name, measure(name, arguments.rounds))


if __name__ == "__main__":
    main()
