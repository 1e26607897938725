"""A real run, and dqnctl beside it: what clients see, what they may do, and what of it is left."""

import contextlib
import csv
import json
import os
import re
import shutil
import subprocess
import time

import cv2
import numpy
import pytest
from dqnd_support import PROGRAM, dqnd, newest_checkpoint, small_config

CTL = PROGRAM.parent / "dqnctl"
VIEW = PROGRAM.parent / "dqnview"
LONG = ["train.total_env_steps=100000000", "checkpoint.every_env_steps=0", "evaluation.every_env_steps=0"]


@contextlib.contextmanager
def running(folder, *overrides):
    """A run that trains until a client or the test ends it; gives the process and the run directory."""
    (folder / "output.txt").touch(mode=0o600)  # or the link that it prints has no token
    log = open(folder / "output.txt", "w")
    process = subprocess.Popen([PROGRAM, "train", small_config(folder), *LONG, *overrides], stdout=log,
                               stderr=subprocess.STDOUT, text=True)
    try:
        run = folder / "small"
        deadline = time.monotonic() + 60
        while not (run / "address").exists():
            assert process.poll() is None, (folder / "output.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield process, run
    finally:
        process.kill()
        process.wait()
        log.close()


def ctl(run, *arguments, **options):
    return subprocess.run([CTL, "--run", run, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          **options)


def end_of(run):
    """Where a run that has ended stands, and the digest of what it holds."""
    newest = newest_checkpoint(run)
    return newest["env_steps"], newest["digest"]


def status(run):
    return json.loads(ctl(run, "--json", "status", "--once").stdout)


def test_a_client_pauses_steps_and_stops_a_run(tmp_path):
    with running(tmp_path) as (process, run):
        assert ctl(run, "pause").returncode == 0
        state = status(run)["state"]
        assert state["phase"] == "paused"
        before = int(state["env_steps"])
        assert ctl(run, "step", 10).returncode == 0
        assert int(status(run)["state"]["env_steps"]) == before + 10
        saved = ctl(run, "checkpoint")
        assert f"{before + 10:,}" in saved.stdout
        assert (run / "checkpoints" / f"{before + 10:012}" / "manifest.json").exists()
        refused = ctl(run, "step", 0)
        assert refused.returncode == 2
        assert ctl(run, "resume").returncode == 0
        assert ctl(run, "stop").returncode == 0
        assert process.wait(timeout=60) == 0
    assert not (run / "address").exists()
    gone = ctl(run, "status", "--once")
    assert gone.returncode == 1 and gone.stderr.strip()


def test_ten_programs_that_watch_and_a_hundred_pauses_change_no_bit(tmp_path):
    viewers = []
    for name in ("watched", "alone"):
        (tmp_path / name).mkdir()
    try:
        with running(tmp_path / "watched") as (process, run):
            viewers.extend(subprocess.Popen([CTL, "--run", run, "--json", "watch", kind], stdout=subprocess.DEVNULL)
                           for kind in ["--training"] * 8 + ["--exhibition"] * 2)
            for _ in range(100):
                assert ctl(run, "pause").returncode == 0
                assert ctl(run, "resume").returncode == 0
            assert ctl(run, "stop").returncode == 0
            assert process.wait(timeout=60) == 0
            watched = end_of(run)
    finally:
        for viewer in viewers:
            viewer.terminate()
            viewer.wait()
    with running(tmp_path / "alone", f"train.total_env_steps={watched[0]}") as (process, run):
        assert process.wait(timeout=300) == 0
        assert end_of(run) == watched


def test_no_token_reaches_a_log(tmp_path):
    with running(tmp_path) as (_, run):
        tokens = [(run / "access" / name).read_text().strip() for name in ("control_token", "read_only_token")]
        ctl(run, "pause")
        assert ctl(run, "--token", "0" * 64, "pause").returncode == 1
        logs = "".join(path.read_text() for path in run.glob("dqnd*.log"))
        assert logs and not any(token in logs for token in tokens)
        link = re.search(r"dqnview '(dqnd://\S+)'", (tmp_path / "output.txt").read_text()).group(1)
        assert link.endswith("token=" + tokens[0])


def test_the_read_only_token_looks_and_does_not_control(tmp_path):
    with running(tmp_path) as (_, run):
        token = (run / "access" / "read_only_token").read_text().strip()
        assert ctl(run, "--token", token, "status", "--once").returncode == 0
        refused = ctl(run, "--token", token, "pause")
        assert refused.returncode == 1
        assert "read-only" in refused.stderr
        assert status(run)["state"]["phase"] == "training"


def test_an_exhibition_game_is_recorded_and_read_back(tmp_path):
    with running(tmp_path) as (_, run):
        out = tmp_path / "games.dqnrec"
        done = ctl(run, "record", "--episodes", 3, out)
        assert done.returncode == 0, done.stderr
    info = subprocess.run([CTL, "--json", "info", out], capture_output=True, text=True, check=True)
    assert json.loads(info.stdout)["moments"] == 3 * 10  # Catch: a first picture and nine env_steps


def test_a_finished_run_is_served_and_probed(tmp_path):
    assert dqnd("train", small_config(tmp_path), "evaluation.record=true").returncode == 0
    run = tmp_path / "small"
    info = subprocess.run([CTL, "--json", "info", run / "best" / "episodes.dqnrec"], capture_output=True, text=True)
    assert json.loads(info.stdout)["moments"] == 20 * 10
    probe = dqnd("health", run)
    assert probe.returncode == 1 and "no daemon" in probe.stdout
    server = subprocess.Popen([PROGRAM, "serve", run, "server.listen=127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        while "dqnview" not in server.stdout.readline():
            assert server.poll() is None
        assert dqnd("health", run).returncode == 0
        state = status(run)["state"]
        assert state["phase"] == "serving"
        with open(run / "evaluations.csv") as file:
            best = max(csv.DictReader(file), key=lambda row: float(row["mean_reward"]))
        assert state["best_evaluation"] == {"env_steps": int(best["env_steps"]),
                                            "mean_return": pytest.approx(float(best["mean_reward"]))}
        assert ctl(run, "record", "--episodes", 1, tmp_path / "one.dqnrec").returncode == 0
        refused = ctl(run, "pause")
        assert refused.returncode == 1 and "not trained" in refused.stderr
        assert ctl(run, "stop").returncode == 0
        assert server.wait(timeout=60) == 0
    finally:
        server.kill()
        server.wait()


def test_a_probe_without_a_name_finds_the_daemon_that_is_well(tmp_path):
    """As in a container, whose volume may hold other runs: finished, killed, or another container's."""
    runs = tmp_path / "runs"
    (runs / "other").mkdir(parents=True)

    def probe():
        return dqnd("health", cwd=tmp_path)

    assert probe().returncode == 1 and "no daemon works" in probe().stdout
    (runs / "other" / "address").write_text("dqnd://127.0.0.1:1\n")  # of one that was killed
    assert probe().returncode == 1 and "does not answer" in probe().stdout
    with running(runs) as (_, run):
        assert probe().returncode == 0 and str(run.name) in probe().stdout
        (run / "address").unlink()  # what a run with server.listen=~ looks like: it works, and listens nowhere
        assert probe().returncode == 0


@pytest.mark.parametrize("mode, told", [(0o644, False), (0o640, False), (0o600, True)])
def test_a_file_that_others_may_read_gets_no_token(tmp_path, mode, told):
    output = tmp_path / "output.txt"
    output.touch()
    output.chmod(mode)
    with open(output, "w") as file:
        done = subprocess.run([PROGRAM, "train", small_config(tmp_path)], stdout=file, timeout=120)
    assert done.returncode == 0
    assert "dqnview 'dqnd://" in output.read_text()
    assert ("token=" in output.read_text()) == told


def test_serving_beside_a_training_leaves_its_clients_to_it(tmp_path):
    with running(tmp_path, "evaluation.every_env_steps=1000") as (_, run):
        address = (run / "address").read_text()
        while not (run / "best" / "network.safetensors").exists():
            time.sleep(0.01)
        server = subprocess.Popen([PROGRAM, "serve", run], stdout=subprocess.PIPE, text=True)
        try:
            while "dqnview" not in (line := server.stdout.readline()):
                assert server.poll() is None
            assert "dqnd://127.0.0.1:" in line and address.strip() not in line  # a link of its own
            assert (run / "address").read_text() == address
            assert status(run)["state"]["phase"] in ("training", "evaluating")
            server.terminate()
            assert server.wait(timeout=60) == 0
        finally:
            server.kill()
            server.wait()
        assert (run / "address").read_text() == address


def view(run, folder, *arguments):
    """What dqnview shows of the run after some seconds: its picture, and how old each moment was when it was seen."""
    shot, delays = folder / "window.png", folder / "delays.csv"
    no_display = {name: value for name, value in os.environ.items() if not name.endswith("DISPLAY")}
    done = subprocess.run([VIEW, run, *arguments, "--screenshot", shot, "--after", "5", "--delays", delays],
                          capture_output=True, text=True, timeout=120, cwd=folder,
                          env={**no_display, "HOME": str(folder)})
    assert done.returncode == 0, done.stderr
    return cv2.imread(str(shot)), [float(line.split(",")[1]) for line in delays.read_text().splitlines()[1:]]


def test_the_window_shows_a_run_as_it_trains(tmp_path):
    with running(tmp_path) as (_, run):
        picture, delays = view(run, tmp_path, "--mode", "training")
        assert status(run)["state"]["phase"] == "training"
    assert picture.shape == (800, 1280, 3)
    assert len(numpy.unique(picture.reshape(-1, 3), axis=0)) > 100  # a window with text, and not a blank one
    assert len(delays) > 20 and min(delays) > 0


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "~"])
def test_the_window_serves_a_finished_run_by_itself_while_it_is_open(tmp_path, listen):
    assert dqnd("train", small_config(tmp_path), f"server.listen={listen}").returncode == 0
    run = tmp_path / "small"
    _, delays = view(run, tmp_path)
    assert len(delays) > 5  # of a game that is played for it, five pictures a second
    assert not (run / "address").exists()
    assert subprocess.run(["pgrep", "-f", f"serve {run}"], check=False).returncode == 1


def wait_until(holds, seconds=60):
    """What `holds` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


class Screen:
    """A display of its own with one dqnview, and the keyboard in it."""

    def __init__(self, folder, *arguments):
        self.programs = contextlib.ExitStack()
        self.folder = folder
        # Without -noreset the display begins anew whenever its last client goes.
        display = self.start(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-noreset", "-nolisten", "tcp"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")}
        self.environment = {**environment, "DISPLAY": f":{int(display.stdout.readline())}", "HOME": str(folder)}
        self.start([VIEW, *arguments], env=self.environment, cwd=folder)
        window = wait_until(lambda: self.xdotool("search", "--name", "small on ", check=False).split())
        self.xdotool("windowfocus", "--sync", window[-1])

    def start(self, command, **options):
        process = self.programs.enter_context(subprocess.Popen(command, **options))
        self.programs.callback(process.terminate)
        return process

    def xdotool(self, *arguments, check=True):
        return subprocess.run(["xdotool", *arguments], env=self.environment, check=check, capture_output=True,
                              text=True).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.programs.close()


def recorded(folder, what, otherwise=None):
    """Of the only recording in a folder, while it is written."""
    for path in folder.glob("*.dqnrec"):
        info = subprocess.run([CTL, "--json", "info", path], capture_output=True, text=True)
        return json.loads(info.stdout)[what] if info.returncode == 0 else otherwise
    return otherwise


needs_screen = pytest.mark.skipif(not (shutil.which("Xvfb") and shutil.which("xdotool")),
                                  reason="Xvfb or xdotool missing (apt-get install xvfb xdotool)")


@needs_screen
def test_a_key_in_the_window_pauses_the_run_and_lets_it_go_on(tmp_path):
    with running(tmp_path, "environment.id=minatar:breakout") as (_, run), Screen(tmp_path, run) as screen:
        for phase in "paused", "training":
            screen.xdotool("key", "space")
            wait_until(lambda: status(run)["state"]["phase"] == phase)


@needs_screen
def test_a_window_on_a_run_that_ends_goes_on_with_an_exhibition(tmp_path):
    with running(tmp_path) as (process, run), Screen(tmp_path, run) as screen:
        assert ctl(run, "stop").returncode == 0  # with a checkpoint
        process.wait(timeout=60)
        wait_until(lambda: (run / "address").exists() and status(run)["state"]["phase"] == "serving")
        screen.xdotool("key", "r")
        wait_until(lambda: recorded(tmp_path, "moments", 0) > 10)


@needs_screen
def test_a_person_plays_an_exhibition_game_in_the_window(tmp_path):
    with running(tmp_path, "environment.id=minatar:breakout") as (_, run), \
            Screen(tmp_path, run, "--mode", "exhibition") as screen:
        screen.xdotool("key", "r")
        wait_until(lambda: recorded(tmp_path, "moments", 0) > 10)
        assert recorded(tmp_path, "by_person") == {}
        screen.xdotool("key", "t")
        screen.xdotool("keydown", "Left")
        wait_until(lambda: "l" in recorded(tmp_path, "by_person"))
        screen.xdotool("keyup", "Left")
        screen.xdotool("key", "t")
        assert status(run)["state"]["phase"] == "training"


def test_off_loopback_a_client_needs_the_certificates_fingerprint(tmp_path):
    with running(tmp_path, "server.listen=0.0.0.0:0") as (_, run):
        address = (run / "address").read_text().strip()
        assert "?fingerprint=sha256:" in address
        assert ctl(run, "status", "--once").returncode == 0
        assert dqnd("health", run).returncode == 0
        port = re.search(r":(\d+)\?", address).group(1)
        token = (run / "access" / "control_token").read_text().strip()
        wrong = f"dqnd://127.0.0.1:{port}?token={token}&fingerprint=sha256:{'0' * 64}"
        refused = subprocess.run([CTL, "--address", wrong, "pause"], capture_output=True, text=True)
        assert refused.returncode == 1 and "certificate" in refused.stderr
        assert status(run)["state"]["phase"] == "training"


def test_a_taken_port_of_loopback_gives_way_to_a_free_one(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with running(tmp_path / "a") as (_, first):
        address = (first / "address").read_text().strip()
        with running(tmp_path / "b", "server.listen=" + address.removeprefix("dqnd://")) as (_, second):
            assert (second / "address").read_text().strip() != address
            assert status(first)["state"]["phase"] == status(second)["state"]["phase"] == "training"


@pytest.mark.parametrize("listen", ["50051", "localhost:99999", "'unix:'", ":5"])
def test_a_wrong_address_is_refused_with_the_forms(tmp_path, listen):
    done = dqnd("train", small_config(tmp_path), f"server.listen={listen}")
    assert done.returncode == 2
    assert "server.listen" in done.stderr and "unix:PATH" in done.stderr
