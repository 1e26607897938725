"""Python's side of dqnd: `connect` watches and controls a daemon; dqnd.games plays Gymnasium environments for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dqnd.client.daemon import Daemon

__all__ = ["connect"]


def connect(where: Any, *, token: str = "", fingerprint: str = "", timeout_seconds: float = 10) -> Daemon:
    """The daemon of a run directory, or at HOST:PORT, unix:PATH or the dqnd:// link that it printed. `token` and
    `fingerprint` are for addresses that do not bring theirs. Raises ValueError where that names no daemon, and
    DaemonError where it cannot be had.

        with dqnd.connect("runs/quickstart") as daemon:
            for moment in daemon.watch():
                print(moment.env_step, moment.q_values)"""
    from dqnd.client.daemon import Daemon  # workers, which begin often, have no use for it

    return Daemon(where, token=token, fingerprint=fingerprint, timeout_seconds=timeout_seconds)
