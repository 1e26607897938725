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
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build" / "release" / "bin"
WARM_UP_SECONDS = 3

RUNS = {
    "minatar": ["configs/minatar/breakout.yaml"],
    "atari": ["configs/atari/nature.yaml", "environment.id=ale:breakout", "train.learning_starts=1000",
              "replay.buffer_size=20000"],
}


def measure(name, mode, seconds, display):
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "watched"
        daemon = subprocess.Popen(
            [PROGRAMS / "dqnd", "train", *RUNS[name], f"run.directory={folder}", "run.name=watched", "train.threads=1",
             "train.total_env_steps=100000000", "evaluation.every_env_steps=0", "server.listen=127.0.0.1:0"],
            cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            while daemon.poll() is None and not (run / "address").exists():
                time.sleep(0.1)
            time.sleep(20 if name == "atari" else 5)  # until it learns
            delays = pathlib.Path(folder) / "delays.csv"
            viewer = subprocess.Popen([PROGRAMS / "dqnview", run, "--mode", mode, "--delays", delays],
                                      env={"DISPLAY": display, "HOME": folder, "PATH": "/usr/bin"}, cwd=folder)
            time.sleep(seconds + WARM_UP_SECONDS)
            viewer.terminate()
            viewer.wait()
        finally:
            daemon.terminate()
            daemon.wait()
        with open(delays) as file:
            rows = [(int(row["unix_nanoseconds"]), float(row["delay_milliseconds"])) for row in csv.DictReader(file)]
    begin = rows[0][0] + WARM_UP_SECONDS * 1_000_000_000
    return [delay for at, delay in rows if at >= begin]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help=" or ".join(RUNS))
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    screen = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        display = ":" + screen.stdout.readline().strip()
        for name in arguments.runs or RUNS:
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
