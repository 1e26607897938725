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
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build" / "release" / "bin"

# Configuration, and cycles a turn: two to four seconds.
RUNS = {
    "minatar": (["configs/minatar/breakout.yaml"], 2000),
    "atari": (["configs/atari/nature.yaml", "environment.id=ale:breakout", "train.learning_starts=1000",
               "replay.buffer_size=20000"], 300),
}


def measure(name, rounds):
    overrides, cycles = RUNS[name]
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "watched"
        process = subprocess.Popen(
            [PROGRAMS / "dqnd", "train", *overrides, f"run.directory={folder}", "run.name=watched", "train.threads=1",
             "train.total_env_steps=100000000", "evaluation.every_env_steps=0", "checkpoint.every_env_steps=0",
             "server.listen=127.0.0.1:0"],
            cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            learns = f"{run}/progress.csv"
            while process.poll() is None and not learned(learns):
                time.sleep(0.5)
            done = subprocess.run([PROGRAMS / "watch_cost", run, str(process.pid), str(rounds), str(cycles)],
                                  check=True, capture_output=True, text=True)
        finally:
            process.terminate()
            process.wait()
    return [json.loads(line) for line in done.stdout.splitlines()]


def learned(progress):
    try:
        rows = pathlib.Path(progress).read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(rows) > 1 and float(rows[-1].split(",")[rows[0].split(",").index("train/n_updates")] or 0) > 0


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
    parser.add_argument("runs", nargs="*", help=" or ".join(RUNS))
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    for name in arguments.runs or RUNS:
        report(name, measure(name, arguments.rounds))


if __name__ == "__main__":
    main()
