#!/usr/bin/env python3
"""How old what a person sees is: from the env_step in the daemon to the picture on the screen of dqnview.

    benchmarks/delay.py                 MinAtar and Atari Breakout, as they train and in an exhibition game
    benchmarks/delay.py atari --seconds 120

A run trains on one thread; dqnview watches it over TCP on loopback, in a window on a display of its own (Xvfb),
and notes for each moment when it was taken and when its picture was on the screen (dqnview --delays). The first
three seconds are left out.
"""

import argparse
import csv
import statistics
import subprocess
import time

from watched_run import CONFIGS, PROGRAMS, training

WARM_UP_SECONDS = 3


def measure(name, mode, seconds, display):
    with training(name) as (_, run):
        folder = run.parent
        delays = folder / "delays.csv"
        viewer = subprocess.Popen([PROGRAMS / "dqnview", run, "--mode", mode, "--delays", delays],
                                  env={"DISPLAY": display, "HOME": str(folder), "PATH": "/usr/bin"}, cwd=folder)
        time.sleep(seconds + WARM_UP_SECONDS)
        viewer.terminate()
        viewer.wait()
        with open(delays) as file:
            rows = [(int(row["unix_nanoseconds"]), float(row["delay_milliseconds"])) for row in csv.DictReader(file)]
    begin = rows[0][0] + WARM_UP_SECONDS * 1_000_000_000
    return [delay for at, delay in rows if at >= begin]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help=" or ".join(CONFIGS))
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    screen = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        display = ":" + screen.stdout.readline().strip()
        for name in arguments.runs or CONFIGS:
            for mode in ("training", "exhibition"):
                delays = measure(name, mode, arguments.seconds, display)
                percentiles = statistics.quantiles(delays, n=100)
                print(f"{name:8} {mode:10} {len(delays) / arguments.seconds:5.1f} pictures a second, from env_step to "
                      f"pixel: median {percentiles[49]:.1f} ms, 99th percentile {percentiles[98]:.1f} ms, "
                      f"longest {max(delays):.1f} ms", flush=True)
    finally:
        screen.terminate()
        screen.wait()


if __name__ == "__main__":
    main()
