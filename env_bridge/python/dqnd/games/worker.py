"""A process that plays one group of games."""

from __future__ import annotations

import collections
import socket
import subprocess
import sys
import threading

from dqnd.games import frames

LAST_LINES = 6


class WorkerLost(Exception):
    """The process has ended; says how, and what it wrote last."""


class Worker:
    """`ask` may be called by one thread at a time, `kill` by any."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dqnd.games.main", "play", "--fd", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
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
        self._process.kill()

    def close(self) -> None:
        """Ends it, in two seconds at most."""
        self._answers.close()
        self._connection.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                print(line, end="", file=sys.stderr)
                self._last_lines.append(line.strip())

    def _how_it_ended(self) -> str:
        status = self._process.wait()
        self._listener.join()
        how = f"it was ended by signal {-status}" if status < 0 else f"it ended with status {status}"
        return f"{how}; its last lines: {' '.join(self._last_lines)}" if self._last_lines else how
