"""A run of `dqnd train` as a user starts it, timed by what it writes itself (progress.csv)."""

import csv
import os
import pathlib
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
DQND = ROOT / "build/release/bin/dqnd"
WARM_UP_SECONDS = 3
STOPPED = 75  # the exit status of a run that goes on another time


def rows_of(file, learns):
    """(env_steps, elapsed seconds) of each row; where `learns`, of those with updates behind them."""
    try:
        with open(file) as rows:
            return [(int(row["time/total_timesteps"]), float(row["time/time_elapsed"])) for row in csv.DictReader(rows)
                    if not learns or row["train/n_updates"] != "0"]
    except (FileNotFoundError, TypeError, ValueError):  # not there, or its last row half written
        return []


def reap(process, expected=0):
    """Waits for its end; what it used. Exits where its exit status is another than `expected`."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        raise SystemExit(f"{process.args} ended with {process.returncode} instead of {expected}")
    return used


def time_run(settings, seconds, learns=True):
    """env_steps/s in a window of some seconds, once learning goes on (`learns`), and the process's peak memory in bytes.

    settings: the configuration's path in the repository, then overrides."""
    config, *overrides = settings
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [DQND, "train", ROOT / config, *overrides, "train.total_env_steps=1000000000", "evaluation.every_env_steps=0",
             "server.listen=127.0.0.1:0", f"run.directory={folder}", "run.name=bench", "run.stop_grace_seconds=1"],
            stdout=subprocess.DEVNULL)
        rows = []
        while not rows or rows[-1][1] < rows[0][1] + seconds:
            time.sleep(0.5)
            assert process.poll() is None, process.returncode
            rows = rows_of(pathlib.Path(folder) / "bench/progress.csv", learns)
            rows = [row for row in rows if row[1] >= rows[0][1] + WARM_UP_SECONDS]
        process.send_signal(signal.SIGTERM)
        used = reap(process, STOPPED)
    return {"env_steps_per_s": round((rows[-1][0] - rows[0][0]) / (rows[-1][1] - rows[0][1]), 1),
            "peak_bytes": used.ru_maxrss * 1024}
