"""The messages of dqnd.v1.EnvironmentService over a socket: each behind its length, 4 bytes, little-endian.
A daemon's own workers talk so, since gRPC takes longer than most games."""

from __future__ import annotations

import socket
import struct

from dqnd.games.session import Session
from dqnd.v1 import environment_pb2 as v1

LENGTH = struct.Struct("<I")


def serve(connection: socket.socket) -> None:
    """Plays one group of games until the other side closes."""
    session = Session()
    with connection, connection.makefile("rb") as requests:
        while header := requests.read(LENGTH.size):
            body = requests.read(LENGTH.unpack(header)[0])
            answer = session.answer(v1.PlayGamesRequest.FromString(body)).SerializeToString()
            connection.sendall(LENGTH.pack(len(answer)) + answer)
    session.close()
