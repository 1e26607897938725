"""A run that trains while benchmarks watch it."""

import contextlib
import csv
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build" / "release" / "bin"

CONFIGS = {
    "minatar": ["configs/minatar/breakout.yaml"],
    "atari": ["configs/atari/nature.yaml", "environment.id=ale:breakout", "train.learning_starts=1000",
              "replay.buffer_size=20000"],
}


@contextlib.contextmanager
def training(name):
    """Gives the process and the run directory of a run that has begun to learn, on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "watched"
        process = subprocess.Popen(
            [PROGRAMS / "dqnd", "train", *CONFIGS[name], f"run.directory={folder}", "run.name=watched",
             "train.threads=1", "train.total_env_steps=100000000", "evaluation.every_env_steps=0",
             "checkpoint.every_env_steps=0", "server.listen=127.0.0.1:0"],
            cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            while process.poll() is None and not learns(run / "progress.csv"):
                time.sleep(0.5)
            yield process, run
        finally:
            process.terminate()
            process.wait()


def learns(progress):
    if not progress.exists():
        return False
    with open(progress) as file:
        return any(float(row["train/n_updates"] or 0) > 0 for row in csv.DictReader(file))
