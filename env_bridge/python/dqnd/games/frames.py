"""The messages of dqnd.v1.EnvironmentService over a socket: each behind its length, 4 bytes, little-endian.
A daemon's own workers talk so, since gRPC takes longer than most games."""

from __future__ import annotations

import socket
import struct
from typing import BinaryIO

from dqnd.games.session import Session
from dqnd.v1 import environment_pb2 as v1

LENGTH = struct.Struct("<I")


def send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(LENGTH.pack(len(message)) + message)


def receive(stream: BinaryIO) -> bytes | None:
    """The next message; None when the other side has closed."""
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(header)
    message = stream.read(length)
    return message if len(message) == length else None


def play(connection: socket.socket) -> None:
    """Plays one group of games until the other side closes."""
    session = Session()
    with connection, connection.makefile("rb") as requests:
        while (request := receive(requests)) is not None:
            send(connection, session.answer(v1.PlayGamesRequest.FromString(request)).SerializeToString())
    session.close()
