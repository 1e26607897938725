"""A clock that is set while a run trains, forward by a year and back by decades: what is learned, when checkpoints are
written and whether clients get in does not hang on it."""

import csv
import os
import pathlib
import subprocess
import threading
import time

import pytest
from dqnd_support import PROGRAM, dqnd, newest_checkpoint

FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")

RUN = """
run: {{name: run, directory: {folder}}}
environment: {{id: catch}}
network: {{architecture: mlp, hidden_sizes: [32]}}
train: {{total_env_steps: 800000, learning_starts: 200, target_update_interval: 100}}
optimizer: {{name: adam, learning_rate: 1.0e-3}}
evaluation: {{every_env_steps: 200000, episodes: 5}}
checkpoint: {{every_env_steps: 0, every_seconds: 1}}
server: {{listen: "{listen}"}}
"""


class Clock:
    """Of the programs that are started with its environment; only the date, not the monotonic clock."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.set("2026-05-01 12:00:00")
        self.environment = os.environ | {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.file),
                                         "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set(self, date):
        new = self.file.with_suffix(".new")
        new.write_text(f"@{date}\n")
        new.rename(self.file)


@pytest.mark.skipif(not FAKETIME.exists(), reason="apt-get install faketime")
def test_a_clock_that_jumps_changes_nothing(tmp_path):
    for name, listen in (("still", "127.0.0.1:0"), ("jumping", "0.0.0.0:0")):
        (tmp_path / f"{name}.yaml").write_text(RUN.format(folder=tmp_path / name, listen=listen))
    assert dqnd("train", tmp_path / "still.yaml").returncode == 0

    clock = Clock(tmp_path)
    run = tmp_path / "jumping" / "run"
    daemon = subprocess.Popen([PROGRAM, "train", tmp_path / "jumping.yaml"], env=clock.environment, stdout=subprocess.DEVNULL)
    ended = threading.Event()

    def checkpoints():
        return (run / "dqnd.log").read_text().count("is complete:")

    def turn_the_hands():  # with each checkpoint, so that every date comes into the log
        dates = ("2027-05-01 12:00:00", "1999-01-01 00:00:00", "2026-05-01 12:00:00")
        while not ended.wait(0.02):
            clock.set(dates[checkpoints() % 3])

    hands = threading.Thread(target=turn_the_hands)
    try:
        while not (run / "address").exists():
            assert daemon.poll() is None
            time.sleep(0.01)
        hands.start()  # the daemon has made its certificate
        link = (run / "address").read_text().strip().replace("0.0.0.0", "127.0.0.1") + "&token=" + \
            (run / "access" / "control_token").read_text().strip()
        for command in ("pause", "resume"):  # over TLS, by a client whose clock is right
            done = subprocess.run([PROGRAM.with_name("dqnctl"), "--address", link, command], capture_output=True, text=True,
                                  timeout=60)
            assert done.returncode == 0, done.stderr
        assert daemon.wait(timeout=300) == 0
    finally:
        ended.set()
        if hands.ident:
            hands.join()
        daemon.kill()
        daemon.wait()

    assert newest_checkpoint(run)["digest"] == newest_checkpoint(tmp_path / "still" / "run")["digest"]
    with open(run / "progress.csv") as file:
        elapsed = [float(row["time/time_elapsed"]) for row in csv.DictReader(file)]
    assert elapsed == sorted(elapsed) and 0 < elapsed[-1] < 300
    log = (run / "dqnd.log").read_text()
    assert "1999-01-01" in log and "2027-05-01" in log, log
    assert 2 <= checkpoints() <= elapsed[-1] + 2, f"{checkpoints()} checkpoints of one a second in {elapsed[-1]} s"
