#!/usr/bin/env python3
"""What being watched costs a run that trains.

    benchmarks/watch.py                 MinAtar Breakout and Atari Breakout
    benchmarks/watch.py minatar --rounds 20

In turns, within one run: no stream, one stream, ten streams of 60 moments a second whose clients read
and discard. Each turn is compared with the mean of the two without a stream around it. Printed are the median of
the ratios, between which bounds it lies with 95 % (bootstrap), and their quartiles: of the training
thread's processor time and of wall time. Many short turns, since a shared machine changes its speed
within seconds.
"""

import argparse
import itertools
import json
import random
import statistics
import subprocess

from watched_run import PROGRAMS, training

# Cycles a turn: about half a second.
CYCLES = {"minatar": 500, "atari": 100}


def measure(name, rounds):
    with training(name) as (process, run):
        done = subprocess.run([PROGRAMS / "watch_cost", run, str(process.pid), str(rounds), str(CYCLES[name])],
                              check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def bounds_of_median(ratios):
    draw = random.Random(1)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[50], medians[-51]


def report(name, turns):
    alone = [turn for turn in turns if turn["streams"] == 0]
    for streams in (1, 10):
        watched = [turn for turn in turns if turn["streams"] == streams]
        for what in ("processor", "wall"):
            around = [(before[what] + after[what]) / 2 for before, after in itertools.pairwise(alone)]
            ratios = [100 * (turn[what] / base - 1) for turn, base in zip(watched, around)]
            low, median, high = statistics.quantiles(ratios, n=4)
            least, most = bounds_of_median(ratios)
            print(f"{name:8} {streams:2} streams: {what:9} time {median:+.2f} % (95 %: {least:+.2f} to {most:+.2f}; "
                  f"quartiles {low:+.2f} to {high:+.2f}; {len(ratios)} pairs)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help=" or ".join(CYCLES))
    parser.add_argument("--rounds", type=int, default=80)
    arguments = parser.parse_args()
    for name in arguments.runs or CYCLES:
        report(name, measure(name, arguments.rounds))


if __name__ == "__main__":
    main()
