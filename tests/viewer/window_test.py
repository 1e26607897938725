#!/usr/bin/env python3
"""Drives the real window with a mouse and a keyboard, on a display of its own (Xvfb and xdotool), against
a fake daemon that says what reached it. Run by ctest; DQND_BIN is where the programs lie."""

import contextlib
import fcntl
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from pathlib import Path

BIN = Path(os.environ["DQND_BIN"])
PATIENCE_SECONDS = 20
SIZE = (1280, 800)


# Stands for `dqnd serve`: writes the address when it is ready, and serves until SIGTERM. Its own arguments and when
# it begins and ends are in the run directory's file `log`.
SERVE = """#!/usr/bin/env python3
import os, signal, subprocess, sys
def note(text):
    with open(sys.argv[2] + "/log", "a") as log:
        log.write(text + "\\n")
daemon = subprocess.Popen([os.environ["FAKE_DAEMON"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
address = daemon.stdout.readline()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # it may come more than once
note(" ".join(sys.argv[1:]))
with open(sys.argv[2] + "/address.part", "w") as file:
    file.write(address)
os.rename(sys.argv[2] + "/address.part", sys.argv[2] + "/address")
signal.sigwait([signal.SIGTERM])
daemon.kill()
daemon.wait()
note("ended")
"""


class Program:
    """A program whose lines are read as they come."""

    def __init__(self, *arguments, **options):
        self.process = subprocess.Popen([str(each) for each in arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        self.lines = []
        self.rest = b""

    def wait_for(self, pattern, count=1):
        """The count-th line that matches; fails when it does not come."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = [match for line in self.lines if (match := re.search(pattern, line))]
            if len(found) >= count:
                return found[count - 1]
            left = end - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, left))
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not data:
                raise AssertionError(f"no line like {pattern!r} in {self.lines}")
            *lines, self.rest = (self.rest + data).split(b"\n")
            self.lines += [line.decode() for line in lines]

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def running(*arguments, **options):
    program = Program(*arguments, **options)
    try:
        yield program
    finally:
        if program.process.poll() is None and "fake_daemon" not in str(arguments[0]):
            program.process.send_signal(signal.SIGTERM)
        program.end()


def read_png(path):
    """Width, height, and rows of (red, green, blue) bytes of a PNG as dqnview writes it."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        if kind == b"IDAT":
            packed += body
        at += 12 + length
    raw = zlib.decompress(packed)
    stride = width * 3 + 1
    return width, height, [raw[row * stride + 1 : (row + 1) * stride] for row in range(height)]


def share_of(rows, colour, tolerance=12):
    """The share of pixels that are about so coloured; every third of every third row."""
    hits = total = 0
    for row in rows[::3]:
        for at in range(0, len(row), 9):
            total += 1
            hits += all(abs(row[at + part] - colour[part]) <= tolerance for part in range(3))
    return hits / total


class WindowTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Without -noreset the display begins anew whenever its last client goes, and throws out the next.
        cls.display = Program("Xvfb", "-displayfd", "1", "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24",
                              "-noreset", "-nolisten", "tcp")
        number = cls.display.wait_for(r"^\d+$").group()
        cls.folder = tempfile.TemporaryDirectory()
        cls.environment = dict(os.environ, DISPLAY=f":{number}", XDG_CONFIG_HOME=cls.folder.name)
        cls.environment.pop("SDL_VIDEODRIVER", None)
        cls.environment.pop("WAYLAND_DISPLAY", None)

    @classmethod
    def tearDownClass(cls):
        cls.display.process.terminate()
        cls.display.end()
        cls.folder.cleanup()

    def viewer(self, *arguments):
        return running(BIN / "dqnview", *arguments, env=self.environment, cwd=self.folder.name)

    def xdotool(self, *arguments):
        return subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, check=True,
                              capture_output=True, text=True).stdout

    def await_window(self, title="breakout on fake-host", windows=1):
        """The id of the window once it has connected, or so many have, with the keyboard in it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = subprocess.run(["xdotool", "search", "--name", title], env=self.environment,
                                   capture_output=True, text=True).stdout.split()
            # One that is not mapped yet takes no keyboard.
            if len(found) >= windows and subprocess.run(["xdotool", "windowfocus", "--sync", found[-1]],
                                                        env=self.environment, capture_output=True).returncode == 0:
                return found[-1]
            time.sleep(0.05)
        self.fail(f"no window is called {title!r}")

    def await_file(self, pattern):
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = sorted(Path(self.folder.name).glob(pattern))
            if found and found[-1].stat().st_size > 0:
                return found[-1]
            time.sleep(0.05)
        self.fail(f"no file {pattern}")

    def fake_daemon(self, *arguments):
        return running(BIN / "fake_daemon", *arguments)

    def test_a_key_and_a_click_pause_the_run_and_let_it_go_on(self):
        with self.fake_daemon() as daemon:
            address = daemon.wait_for("dqnd://.*").group()
            with self.viewer(address):
                window = self.await_window()
                daemon.wait_for("^Watch$")
                self.xdotool("key", "space")
                daemon.wait_for("^Pause$")
                # The same button now resumes; it is the first below the game.
                self.xdotool("mousemove", "--window", window, 60, 571, "click", 1)
                daemon.wait_for("^Resume$")

    def test_a_person_takes_over_plays_and_gives_back(self):
        with self.fake_daemon() as daemon:
            address = daemon.wait_for("dqnd://.*").group()
            with self.viewer(address, "--mode", "exhibition"):
                self.await_window()
                daemon.wait_for("^Start 1$")
                self.xdotool("key", "t")
                daemon.wait_for("^TakeOver$")
                daemon.wait_for("^Press 0$")  # nothing is held
                self.xdotool("keydown", "Left")
                daemon.wait_for("^Press 3$")  # LEFT
                self.xdotool("keyup", "Left")
                daemon.wait_for("^Press 0$", 2)
                self.xdotool("key", "t")
                daemon.wait_for("^GiveBack$")
                self.xdotool("key", "plus")
                daemon.wait_for("^SetSpeed 2$")
                self.xdotool("key", "BackSpace")
                daemon.wait_for("^Rewind 3$")

    def test_a_step_lets_the_game_stand_still_first(self):
        with self.fake_daemon() as daemon:
            address = daemon.wait_for("dqnd://.*").group()
            with self.viewer(address, "--mode", "exhibition"):
                self.await_window()
                daemon.wait_for("^Start 1$")
                self.xdotool("key", "period")
                daemon.wait_for("^StepGame$")
                self.assertLess(daemon.lines.index("PauseGame"), daemon.lines.index("StepGame"))

    def test_ending_the_run_is_asked_twice(self):
        with self.fake_daemon() as daemon:
            address = daemon.wait_for("dqnd://.*").group()
            with self.viewer(address):
                self.await_window()
                daemon.wait_for("^Watch$")
                self.xdotool("key", "ctrl+e")
                self.xdotool("key", "Escape")
                self.xdotool("key", "c")
                daemon.wait_for("^Checkpoint$")
                self.assertNotIn("Stop", daemon.lines)

    def test_what_is_recorded_is_played(self):
        with self.fake_daemon() as daemon:
            address = daemon.wait_for("dqnd://.*").group()
            with self.viewer(address, "--mode", "exhibition"):
                self.await_window()
                daemon.wait_for("^Start 1$")
                self.xdotool("key", "r")
                recording = self.await_file("*.dqnrec")
                self.xdotool("key", "space")  # the game stands still; no moment is missing then
                daemon.wait_for("^PauseGame$")
                self.xdotool("key", "r")
        picture = Path(self.folder.name) / "played.png"
        with self.viewer(recording, "--screenshot", picture, "--after", "1") as viewer:
            self.assertEqual(viewer.process.wait(PATIENCE_SECONDS), 0)
        self.assertGreater(share_of(read_png(picture)[2], (142, 142, 142)), 0.01)

    def test_a_screenshot_shows_the_game_and_the_theme(self):
        with self.fake_daemon() as daemon:
            address = daemon.wait_for("dqnd://.*").group()
            for theme, background in ("light", (243, 244, 247)), ("dark", (14, 17, 22)):
                picture = Path(self.folder.name) / f"{theme}.png"
                with self.viewer(address, "--theme", theme, "--screenshot", picture, "--after",
                                 "2") as viewer:
                    self.assertEqual(viewer.process.wait(PATIENCE_SECONDS), 0)
                width, height, rows = read_png(picture)
                self.assertEqual((width, height), SIZE)
                self.assertGreater(share_of(rows, background), 0.05)
                self.assertGreater(share_of(rows, (142, 142, 142)), 0.02, "the walls")
                self.assertGreater(share_of(rows, (200, 72, 72)), 0.003, "the bricks")

    def test_every_size_is_drawn(self):
        with self.fake_daemon() as daemon:
            address = daemon.wait_for("dqnd://.*").group()
            with self.viewer(address) as viewer:
                window = self.await_window()
                for width, height in (1, 1), (40, 30), (700, 200), (200, 700), (1280, 800):
                    self.xdotool("windowsize", "--sync", window, width, height)
                    self.xdotool("key", "s")
                self.xdotool("key", "F12")
                self.await_file("dqnview-*.png")
                self.assertIsNone(viewer.process.poll())
                self.assertEqual(viewer.lines, [])

    def test_a_daemon_that_goes_away_is_waited_for(self):
        with self.fake_daemon() as daemon:
            address = daemon.wait_for("dqnd://127.0.0.1:.*").group()
            with self.viewer(address) as viewer:
                self.await_window()
                daemon.wait_for("^Watch$")
                daemon.end()
                with self.fake_daemon("--port", address.rsplit(":", 1)[1]) as again:
                    again.wait_for("^Watch$")
                    self.assertIsNone(viewer.process.poll())

    def place(self, name):
        """A run directory, and a dqnview beside a program that stands for dqnd."""
        place = Path(self.folder.name) / name
        run = place / "run"
        run.mkdir(parents=True)
        shutil.copy(BIN / "dqnview", place)
        served = place / "dqnd"
        served.write_text(SERVE)
        served.chmod(0o755)
        environment = dict(self.environment, FAKE_DAEMON=str(BIN / "fake_daemon"))
        return run, lambda: running(place / "dqnview", run, env=environment)

    def await_log(self, run, lines):
        """The log of who served that run, once it has so many lines."""
        end = time.monotonic() + PATIENCE_SECONDS
        log = []
        while time.monotonic() < end:
            log = (run / "log").read_text().splitlines() if (run / "log").exists() else []
            if len(log) >= lines:
                return log
            time.sleep(0.02)
        self.fail(f"no {lines} lines in {log}")

    def test_a_run_directory_without_a_daemon_is_served_as_long_as_the_window_lives(self):
        run, viewer = self.place("served")
        with viewer():
            self.await_window()
        self.assertEqual((run / "log").read_text().splitlines(),
                         [f"serve {run} server.listen=127.0.0.1:0", "ended"])

    def test_a_window_that_is_killed_leaves_no_daemon_behind(self):
        run, viewer = self.place("killed")
        with viewer() as window:
            self.await_window()
            window.process.kill()
            window.process.wait(PATIENCE_SECONDS)
            self.assertEqual(self.await_log(run, 2)[1], "ended")

    def test_a_second_window_serves_by_itself_when_the_first_takes_its_daemon_along(self):
        run, viewer = self.place("shared")
        with viewer() as first:
            self.await_window()
            with viewer() as second:
                self.await_window(windows=2)
                self.assertEqual(len(self.await_log(run, 1)), 1, "it is content with what is there")
                first.process.terminate()
                self.assertEqual(self.await_log(run, 3)[1:],
                                 ["ended", f"serve {run} server.listen=127.0.0.1:0"])
                self.assertIsNone(second.process.poll())
        self.assertEqual(self.await_log(run, 4)[3:], ["ended"])

    def test_a_daemon_that_trains_is_waited_for_however_silent_it_is(self):
        run, viewer = self.place("trained")
        with open(run / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # as dqnd train holds it
            with viewer():
                self.await_window("dqnview")
                with self.fake_daemon() as daemon:
                    (run / "address.part").write_text(daemon.wait_for("dqnd://.*").group() + "\n")
                    (run / "address.part").rename(run / "address")
                    self.await_window()
        self.assertFalse((run / "log").exists(), "nobody else has served it")

    def test_another_daemon_that_takes_over_the_run_directory_is_followed(self):
        run, viewer = self.place("followed")
        with viewer():
            self.await_window()
            with self.fake_daemon() as daemon:
                address = daemon.wait_for("dqnd://.*").group()
                (run / "address.part").write_text(address + "\n")
                (run / "address.part").rename(run / "address")
                daemon.wait_for("^Watch$")
                self.assertEqual(self.await_log(run, 2)[1:], ["ended"])

    def test_without_a_display_it_says_what_to_do(self):
        environment = dict(self.environment)
        del environment["DISPLAY"]
        result = subprocess.run([BIN / "dqnview", "127.0.0.1:1"], env=environment, text=True,
                                capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(result.returncode, 1)
        self.assertIn("no display", result.stderr)
        self.assertIn("--screenshot", result.stderr)


if __name__ == "__main__":
    missing = [program for program in ("Xvfb", "xdotool") if shutil.which(program) is None]
    if missing:
        print(f"skipped: {' and '.join(missing)} missing (apt-get install xvfb xdotool)")
        sys.exit(77)
    unittest.main(verbosity=2)
