"""Drives the real dqnctl against a fake daemon, as a user and a script would. The folder of the programs is in
DQND_BIN; ctest sets it."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

PROGRAMS = pathlib.Path(os.environ["DQND_BIN"]).resolve()
DQNCTL = PROGRAMS / "dqnctl"
CONTROL_TOKEN = "control-token"
READ_ONLY_TOKEN = "read-only-token"
HAS_FFMPEG = bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))


class FakeDaemon:
    """The fake daemon as a process; stop() returns the calls that it was given."""

    def __init__(self, *more_arguments):
        self.process = subprocess.Popen([PROGRAMS / "dqnctl_fake_daemon", CONTROL_TOKEN, READ_ONLY_TOKEN, *more_arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def stop(self):
        calls, _ = self.process.communicate(timeout=30)
        return calls.split("\n")[:-1]

    def kill(self):
        self.process.kill()
        self.process.communicate()


class DqnctlTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.daemon = FakeDaemon()
        self.addCleanup(self.daemon.kill)
        # What the test's own surroundings say must not count.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DQND_")}
        self.environment["TERM"] = "xterm-256color"

    def dqnctl(self, *arguments, expect=0, **more_environment):
        """Runs dqnctl, which must end with the status `expect`; standard output and error are kept as text."""
        done = subprocess.run([DQNCTL, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              cwd=self.folder, env={**self.environment, **more_environment})
        self.assertEqual(done.returncode, expect, (arguments, done.stdout, done.stderr))
        return done

    def ask(self, *arguments, token=CONTROL_TOKEN, **options):
        return self.dqnctl("--address", self.daemon.address, *arguments, DQND_TOKEN=token, **options)

    def refused(self, *arguments, status, **options):
        """What dqnctl says when it refuses: one message, and nothing on standard output."""
        done = self.ask(*arguments, expect=status, **options)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("dqnctl: "), done.stderr)
        return done.stderr

    def add_run(self, name, address):
        run = self.folder / "runs" / name
        (run / "access").mkdir(parents=True)
        (run / "address").write_text(address + "\n")
        (run / "access" / "control_token").write_text(CONTROL_TOKEN + "\n")
        return run


class Control(DqnctlTest):
    def test_each_command_says_in_one_line_what_is_now_true(self):
        self.assertRegex(self.ask("pause").stdout, r"^paused at env_step [\d,]+\n$")
        self.assertRegex(self.ask("step").stdout, r"^paused at env_step [\d,]+, 1 cycle later\n$")
        self.assertRegex(self.ask("step", "12").stdout, r"^paused at env_step [\d,]+, 12 cycles later\n$")
        self.assertRegex(self.ask("resume").stdout, r"^training at env_step [\d,]+\n$")
        self.assertEqual(self.ask("checkpoint").stdout, "checkpoint of env_step 250,000 is complete\n")
        self.assertRegex(self.ask("stop").stdout, r"^stopping at env_step [\d,]+")
        self.assertEqual(self.daemon.stop(), ["Pause", "Step 1", "Step 12", "Resume", "Checkpoint", "Stop"])

    def test_each_command_says_the_same_in_json(self):
        for command, phase in [("pause", "paused"), ("step", "paused"), ("resume", "training"), ("stop", "stopping")]:
            answer = json.loads(self.ask("--json", command).stdout)
            self.assertEqual(answer["phase"], phase)
            self.assertGreaterEqual(answer["env_steps"], 250_000)
        self.assertEqual(json.loads(self.ask("checkpoint", "--json").stdout)["env_steps"], 250_000)

    def test_what_the_daemon_declines_is_said_in_its_words(self):
        self.assertEqual(self.refused("step", status=1), "dqnctl: the run is not paused: pause it first\n")

    def test_a_read_only_token_looks_and_controls_nothing(self):
        self.assertIn("breakout", self.ask("status", token=READ_ONLY_TOKEN).stdout)
        message = self.refused("pause", token=READ_ONLY_TOKEN, status=1)
        self.assertIn("read-only", message)
        self.assertEqual(message.count("\n"), 1)
        self.assertNotIn(READ_ONLY_TOKEN, message)
        self.assertNotIn("Pause", self.daemon.stop())

    def test_a_wrong_token_is_refused_by_every_command_and_never_repeated(self):
        for command in ["status", "pause", "resume", "step", "checkpoint", "stop"]:
            message = self.refused(command, token="mistaken", status=1)
            self.assertIn("does not know this token", message)
            self.assertNotIn("mistaken", message)
        for command in [["watch", "--json"], ["record", "out.dqnrec"]]:
            self.assertIn("does not know this token", self.refused(*command, token="mistaken", status=1))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_the_certificate_is_compared_before_the_token_is_sent(self):
        daemon = FakeDaemon("tls")
        self.addCleanup(daemon.kill)
        self.assertIn("paused", self.dqnctl("--address", daemon.address, "pause", DQND_TOKEN=CONTROL_TOKEN).stdout)
        place = re.search(r"[\d.]+:\d+", daemon.address).group()
        for address, reason in [(place, "speaks TLS"), (f"dqnd://{place}?fingerprint=sha256:{'0' * 64}", "another")]:
            message = self.dqnctl("--address", address, "resume", expect=1, DQND_TOKEN=CONTROL_TOKEN).stderr
            self.assertIn(reason, message)
        self.assertEqual(daemon.stop(), ["Pause"])

    def test_the_token_on_the_command_line_counts_more_than_the_environments(self):
        self.ask("pause", "--token", CONTROL_TOKEN, token="mistaken")

    def test_without_a_daemon_every_command_says_so(self):
        self.daemon.kill()
        for command in [["status"], ["pause"], ["watch", "--json"], ["record", "out.dqnrec"]]:
            self.assertIn("no daemon listens there", self.refused(*command, status=1))


class CommandLine(DqnctlTest):
    def test_a_wrong_command_line_ends_with_status_2(self):
        for wrong in [[], ["dance"], ["step", "0"], ["step", "many"], ["watch", "--rate", "0"], ["record"],
                      ["watch", "--training", "--exhibition"], ["--run", "a", "--address", "b:1", "status"],
                      ["info", "no-such-file.dqnrec"], ["--address", "nonsense", "status"],
                      ["--run", "no-such-run", "status"], ["record", "out.avi"]]:
            if "--address" not in wrong and "--run" not in wrong:
                wrong = ["--address", self.daemon.address, *wrong]
            done = self.dqnctl(*wrong, expect=2, DQND_TOKEN=CONTROL_TOKEN)
            self.assertNotEqual(done.stderr, "", wrong)

    def test_help_and_version_are_no_errors(self):
        self.assertIn("record", self.dqnctl("--help").stdout)
        self.assertIn("--overlay", self.dqnctl("record", "--help").stdout)
        self.assertRegex(self.dqnctl("--version").stdout, r"^\d+\.\d+\.\d+\n$")

    def test_the_only_run_whose_daemon_answers_is_found(self):
        self.add_run("over", "dqnd://127.0.0.1:1")
        self.add_run("here", self.daemon.address)
        self.assertIn("breakout", self.dqnctl("status").stdout)

    def test_the_run_that_is_meant_can_be_named(self):
        run = self.add_run("here", self.daemon.address)
        self.assertIn("breakout", self.dqnctl("--run", run, "status").stdout)
        self.assertIn("breakout", self.dqnctl("status", "--run", run).stdout)
        self.assertIn("breakout", self.dqnctl("status", DQND_RUN=str(run)).stdout)

    def test_where_no_run_is_meant_the_candidates_are_listed(self):
        self.assertIn("--address", self.dqnctl("status", expect=2).stderr)
        self.add_run("over", "dqnd://127.0.0.1:1")
        self.assertIn("runs/over", self.dqnctl("status", expect=2).stderr)
        self.add_run("one", self.daemon.address)
        self.add_run("two", self.daemon.address)
        message = self.dqnctl("status", expect=2).stderr
        self.assertIn("runs/one   answers", message)
        self.assertIn("runs/two   answers", message)
        self.assertNotIn(CONTROL_TOKEN, message)


class Status(DqnctlTest):
    def test_prints_one_table_where_there_is_no_terminal(self):
        table = self.ask("status").stdout
        for expected in ["breakout", "nature_cnn, 1,686,180 parameters", "training", "21.4",
                         "250,000/1,000,000 env_steps"]:
            self.assertIn(expected, table)

    def test_json_is_one_document(self):
        document = json.loads(self.ask("status", "--json").stdout)
        self.assertEqual(document["state"]["phase"], "training")
        self.assertEqual(document["state"]["replay"]["buffer_size"], 250_000)
        self.assertEqual(document["description"]["environment"]["action_names"], ["NOOP", "FIRE", "RIGHT", "LEFT"])
        self.assertIs(document["may_control"], True)
        self.assertIs(json.loads(self.ask("status", "--json", token=READ_ONLY_TOKEN).stdout)["may_control"], False)


class Terminal:
    """dqnctl on a terminal of its own; what it shows is read as it comes."""

    def __init__(self, command, environment, rows, columns):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment,
                                        start_new_session=True)
        os.close(slave)
        self.shown = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, pattern):
        """What is shown up to and including the pattern, since the last call."""
        deadline = time.monotonic() + 30
        while not (match := re.search(pattern, self.shown)):
            if time.monotonic() > deadline or not self.read(1):
                raise AssertionError(f"{pattern} was not shown: {self.shown[-2000:]}")
        before, self.shown = self.shown[:match.end()], self.shown[match.end():]
        return before

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:  # nobody is at the other end any more
                return False
            self.shown += data
            return bool(data)
        return True

    def interrupt(self):
        """Ctrl-C; the status, and what is shown until the end."""
        self.process.send_signal(signal.SIGINT)
        while self.read(10) and self.process.poll() is None:
            pass
        while self.read(0.2) and select.select([self.master], [], [], 0)[0]:
            pass
        status = self.process.wait(timeout=30)
        os.close(self.master)
        return status, self.shown


class OnATerminal(DqnctlTest):
    def start(self, *arguments, rows=24, columns=80, **more_environment):
        command = [DQNCTL, "--address", self.daemon.address, *arguments]
        terminal = Terminal(command, {**self.environment, "DQND_TOKEN": CONTROL_TOKEN, **more_environment}, rows,
                            columns)
        self.addCleanup(terminal.process.kill)
        return terminal

    def test_status_is_drawn_again_in_place_until_ctrl_c(self):
        terminal = self.start("status", rows=50)
        terminal.read_until(rb"ETA")
        terminal.read_until(rb"\x1b\[\d+A\x1b\[J")
        terminal.read_until(rb"ETA")
        self.assertEqual(terminal.interrupt()[0], 0)

    def test_status_once_is_printed_once(self):
        terminal = self.start("status", "--once", rows=50)
        terminal.process.wait(timeout=30)
        terminal.read_until(rb"ETA")

    def test_watch_draws_the_game_and_leaves_the_terminal_as_it_was(self):
        terminal = self.start("watch", COLORTERM="truecolor")
        before = terminal.read_until(rb"\[(NOOP|LEFT|RIGHT|FIRE) \d")
        self.assertIn(b"\x1b[?1049h\x1b[?25l", before)
        self.assertIn(b"\x1b[38;2;142;142;142m", before)  # a wall
        status, after = terminal.interrupt()
        self.assertEqual(status, 0)
        self.assertTrue(after.endswith(b"\x1b[0m\x1b[?25h\x1b[?1049l"), after[-60:])

    def test_watch_has_256_colours_where_the_terminal_does_not_promise_more(self):
        terminal = self.start("watch", COLORTERM="")
        shown = terminal.read_until(rb"return")
        self.assertIn(b"\x1b[38;5;", shown)
        self.assertNotIn(b"\x1b[38;2;", shown)
        self.assertEqual(terminal.interrupt()[0], 0)

    def test_watch_follows_the_size_of_the_window(self):
        terminal = self.start("watch", rows=24, columns=80)
        terminal.read_until(rb"\x1b\[24;1H")
        terminal.resize(12, 40)
        terminal.read_until(rb"\x1b\[2J")
        shown = terminal.read_until(rb"\x1b\[12;1H")
        self.assertNotIn(b"\x1b[13;1H", shown)
        terminal.resize(1, 1)
        terminal.read_until(rb"\x1b\[2J")
        self.assertEqual(terminal.interrupt()[0], 0)

    def test_watch_shows_training_too(self):
        terminal = self.start("watch", "--env", "0")
        terminal.read_until(rb"environment 0, training at env_step [\d,]+")
        self.assertEqual(terminal.interrupt()[0], 0)

    def test_watch_ends_with_the_reason_when_the_daemon_is_gone(self):
        terminal = self.start("watch")
        terminal.read_until(rb"return")
        self.daemon.kill()
        terminal.read_until(rb"\x1b\[\?1049l.*dqnctl: ")
        self.assertEqual(terminal.process.wait(timeout=30), 1)


class Watch(DqnctlTest):
    def test_without_a_terminal_it_says_what_to_do(self):
        self.assertIn("--json", self.refused("watch", status=2))

    def test_json_is_one_line_a_moment(self):
        for kind in ["--exhibition", "--training"]:
            command = [DQNCTL, "--address", self.daemon.address, "watch", "--json", kind]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                       env={**self.environment, "DQND_TOKEN": CONTROL_TOKEN})
            moments = [json.loads(process.stdout.readline()) for _ in range(10)]
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            self.assertEqual(process.wait(timeout=30), 0)
            process.stdout.close()
            numbers = [moment["episode_env_step"] for moment in moments]
            self.assertEqual(numbers, sorted(set(numbers)))
            for moment in moments:
                self.assertEqual(len(moment["q_values"]), 4)
                self.assertIn(moment["action_name"], ["NOOP", "FIRE", "RIGHT", "LEFT"])


class Record(DqnctlTest):
    def record(self, name="game.dqnrec"):
        """A recording of one game, and what dqnctl said about it."""
        return self.folder / name, json.loads(self.ask("record", "--json", name).stdout)

    def test_a_recording_holds_whole_games_and_info_reads_it_back(self):
        out, said = self.record()
        self.assertEqual(len(said["games"]), 1)
        info = json.loads(self.dqnctl("info", out, "--json").stdout)
        self.assertEqual(info["moments"], said["moments"])
        self.assertEqual(info["env_steps"], said["games"][0]["env_steps"])
        self.assertEqual(info["returns"], [said["games"][0]["return"]])
        self.assertEqual(info["by_person"], {}, "the agent has played")
        self.assertEqual(info["header"]["run_name"], "breakout")
        self.assertEqual(info["header"]["source"], "exhibition")
        self.assertEqual((info["width_pixels"], info["height_pixels"]), (160, 210))
        # In the game's own time: decisions of four frames at 60 a second.
        self.assertAlmostEqual(info["seconds"], (info["moments"] - 1) * 4 / 60, delta=0.1)
        self.assertGreaterEqual(info["key_pictures"], info["seconds"] / 4)
        self.assertNotIn("remark", info)
        text = self.dqnctl("info", out).stdout
        for expected in ["ale:breakout", "160 x 210", "an exhibition game"]:
            self.assertIn(expected, text)

    def test_games_are_announced_as_they_end(self):
        text = self.ask("record", "--episodes", "2", "games.dqnrec").stdout
        self.assertRegex(text, r"game 1: return [\d,]+ after [\d,]+ env_steps\n"
                               r"game 2: return [\d,]+ after [\d,]+ env_steps\n"
                               r"games.dqnrec: [\d,]+ moments, \d+:\d\d:\d\d of play\n")

    def test_twice_the_speed_takes_half_the_time(self):
        once = json.loads(self.dqnctl("info", self.record("once.dqnrec")[0], "--json").stdout)
        self.ask("record", "--speed", "2", "twice.dqnrec")
        twice = json.loads(self.dqnctl("info", "twice.dqnrec", "--json").stdout)
        self.assertEqual(twice["moments"], once["moments"])
        self.assertAlmostEqual(twice["seconds"], once["seconds"] / 2, delta=0.1)

    def test_ctrl_c_keeps_what_was_recorded_complete(self):
        command = [DQNCTL, "--address", self.daemon.address, "record", "--episodes", "1000000", "long.dqnrec"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=self.folder,
                                   env={**self.environment, "DQND_TOKEN": CONTROL_TOKEN})
        self.assertIn("game 1", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        text = process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertIn("long.dqnrec", text)
        info = json.loads(self.dqnctl("info", "long.dqnrec", "--json").stdout)
        self.assertNotIn("remark", info)
        self.assertGreaterEqual(len(info["returns"]), 1)

    def test_a_daemon_that_ends_leaves_what_was_recorded_until_then(self):
        command = [DQNCTL, "--address", self.daemon.address, "record", "--episodes", "1000000", "cut.dqnrec"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   cwd=self.folder, env={**self.environment, "DQND_TOKEN": CONTROL_TOKEN})
        process.stdout.readline()
        self.daemon.kill()
        _, message = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1)
        self.assertIn("cut.dqnrec holds the", message)
        self.assertGreater(json.loads(self.dqnctl("info", "cut.dqnrec", "--json").stdout)["moments"], 0)

    def test_a_file_that_is_there_is_left_as_it_is(self):
        for name in ["mine.dqnrec", "mine.mp4"]:
            (self.folder / name).write_text("precious")
            self.assertIn("is there already", self.refused("record", name, status=2))
            self.assertEqual((self.folder / name).read_text(), "precious")

    def test_a_damaged_recording_is_no_recording(self):
        (self.folder / "wrong.dqnrec").write_text("something else")
        self.assertIn("is no recording of dqnd", self.dqnctl("info", "wrong.dqnrec", expect=1).stderr)
        self.assertIn("is no recording of dqnd",
                      self.dqnctl("record", "--from", "wrong.dqnrec", "out.mp4", expect=1).stderr)

    def test_without_ffmpeg_a_video_is_refused_before_a_game_is_played(self):
        message = self.refused("record", "out.mp4", status=1, PATH=str(self.folder))
        self.assertIn("there is no program ffmpeg in PATH", message)
        self.assertNotIn("Play", self.daemon.stop())

    def fake_ffmpeg(self, script):
        """A folder for PATH whose ffmpeg is that shell script."""
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "ffmpeg").write_text("#!/bin/sh\n" + script)
        (folder / "ffmpeg").chmod(0o755)
        return f"{folder}:{self.environment['PATH']}"

    def test_when_ffmpeg_fails_its_last_lines_are_shown_and_no_half_file_is_left(self):
        path = self.fake_ffmpeg('for last; do :; done; touch "${last#file:}"\n'
                                "for i in 1 2 3 4 5 6; do echo line $i >&2; done; exit 3\n")
        out, _ = self.record()
        for command in [["record", "out.mp4"], ["record", "--from", out, "out.webm"]]:
            message = self.refused(*command, status=1, PATH=path)
            self.assertIn("line 6", message)
            self.assertNotIn("line 2\n", message)
        self.assertEqual(sorted(each.name for each in self.folder.iterdir()), ["bin", "game.dqnrec"])


@unittest.skipUnless(HAS_FFMPEG, "ffmpeg and ffprobe are not in PATH: no video was made and none checked")
class Video(DqnctlTest):
    def probe(self, path):
        done = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", path],
                              cwd=self.folder, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["streams"][0]

    def test_a_video_has_the_games_size_length_and_rate(self):
        said = json.loads(self.ask("record", "--json", "game.mp4").stdout)
        stream = self.probe("game.mp4")
        # 160x210 pixels of shape 0.85, by 5 and 4.
        self.assertEqual((stream["width"], stream["height"]), (800, 840))
        self.assertEqual(stream["r_frame_rate"], "60/1")
        # Four frames a decision; the last picture of all is shown once.
        self.assertEqual(int(stream["nb_read_frames"]), (said["moments"] - 1) * 4 + 1)
        self.assertEqual([each.name for each in self.folder.iterdir()], ["game.mp4"])

    def test_a_recording_becomes_the_same_video_later_without_a_daemon(self):
        said = json.loads(self.ask("record", "--json", "game.dqnrec").stdout)
        self.daemon.kill()
        self.dqnctl("record", "--from", "game.dqnrec", "--speed", "16", "--overlay", "game.mp4")
        stream = self.probe("game.mp4")
        self.assertEqual((stream["width"], stream["height"]), (800 + 280, 840))
        self.assertEqual(int(stream["nb_read_frames"]), (said["moments"] - 1) * 4 // 16 + 1)

    def test_webm_and_gif_are_made_too(self):
        self.ask("record", "--json", "game.dqnrec")
        for name, codec in [("game.webm", "vp9"), ("game.gif", "gif")]:
            self.dqnctl("record", "--from", "game.dqnrec", "--speed", "32", name)
            stream = self.probe(name)
            self.assertEqual(stream["codec_name"], codec)
            self.assertEqual((stream["width"], stream["height"]), (800, 840))
        self.assertEqual(self.probe("game.gif")["r_frame_rate"], "50/1")

    def test_ctrl_c_completes_the_video(self):
        # To the whole group, as a terminal sends it: ffmpeg must not end by it, too.
        command = [DQNCTL, "--address", self.daemon.address, "record", "--episodes", "1000000", "--speed", "8",
                   "long.mp4"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=self.folder,
                                   start_new_session=True, env={**self.environment, "DQND_TOKEN": CONTROL_TOKEN})
        self.assertIn("game 1", process.stdout.readline())
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertGreater(int(self.probe("long.mp4")["nb_read_frames"]), 60)
        self.assertEqual([each.name for each in self.folder.iterdir()], ["long.mp4"])


if __name__ == "__main__":
    unittest.main()
