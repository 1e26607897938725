"""A process that plays one group of games."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading

from dqnd.games import frames

LAST_LINES = 6
LAST_CHARACTERS = 2000
GRACE_SECONDS = 2
SAFE_PATH = ["-P"] if sys.version_info >= (3, 11) else []  # modules are found as by `dqnd-env play`


class WorkerLost(Exception):
    """The process has ended; says how, and what it wrote last."""


class Worker:
    """`ask` may be called by one thread at a time, `kill` by any."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *SAFE_PATH, "-m", "dqnd.games.main", "play", "--fd", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # so that what a game has started ends with it
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        self._connection, self._answers = ours, ours.makefile("rb")
        self._last_lines: collections.deque[str] = collections.deque(maxlen=LAST_LINES)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(self, request: bytes) -> bytes:
        """Its answer. Raises WorkerLost."""
        try:
            frames.send(self._connection, request)
            answer = frames.receive(self._answers)
        except OSError:
            answer = None
        if answer is None:
            raise WorkerLost(self._how_it_ended())
        return answer

    def kill(self) -> None:
        """With everything that it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Ends it, in two seconds at most."""
        self._answers.close()
        self._connection.close()
        self._end()

    def _end(self) -> int:
        try:
            status = self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.wait()
        self.kill()  # what it has left behind, which would hold the pipe
        self._listener.join(GRACE_SECONDS)
        return status

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                print(line, end="", file=sys.stderr)
                self._last_lines.append(line.strip())

    def _how_it_ended(self) -> str:
        status = self._end()
        how = f"it was ended by signal {-status}" if status < 0 else f"it ended with status {status}"
        lines = " ".join(self._last_lines)[-LAST_CHARACTERS:]
        return f"{how}; its last lines: {lines}" if lines else how
