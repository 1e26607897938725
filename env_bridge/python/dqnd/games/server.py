"""Games for daemons elsewhere: dqnd.v1.EnvironmentService over gRPC. Each stream is a group of games and has a
process of its own, so that groups play side by side, and one that dies takes no other along; messages are passed
on as they are."""

from __future__ import annotations

import contextlib
import hmac
import os
import signal
import socket
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import grpc

from dqnd.games import access
from dqnd.games.worker import Worker, WorkerLost
from dqnd.v1 import environment_pb2 as v1

METHOD = "/dqnd.v1.EnvironmentService/PlayGames"
UNIX = "unix:"
GRACE_SECONDS = 2
SECONDS_TO_OPEN = 10
OPTIONS = [
    ("grpc.so_reuseport", 0),  # a port that another process listens on is taken
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.max_send_message_length", -1),
    # A daemon that vanished without a word gives its games back.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
]


@dataclass(frozen=True)
class Game:
    """What is played, as environment.id, arguments and wrappers have it."""

    id: str
    arguments_json: str = ""
    wrappers_json: str = ""

    def open(self, request: v1.OpenGames) -> v1.PlayGamesRequest:
        """The request, for this game."""
        opening = v1.OpenGames()
        opening.CopyFrom(request)
        opening.id, opening.arguments_json, opening.wrappers_json = self.id, self.arguments_json, self.wrappers_json
        return v1.PlayGamesRequest(open=opening)


class Service(grpc.GenericRpcHandler):
    """Plays up to `most_games` of one game at a time. `token`: what callers must show; None: nothing."""

    def __init__(self, game: Game, most_games: int, token: str | None):
        self._game, self._most_games, self._token = game, most_games, token
        self._lock = threading.Lock()
        self._played = 0  # games, guarded by _lock

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        return grpc.stream_stream_rpc_method_handler(self._play_games) if call.method == METHOD else None

    def _play_games(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        self._check_token(context)
        # A stream that says nothing keeps nobody's place.
        impatience = threading.Timer(SECONDS_TO_OPEN, context.cancel)
        impatience.start()
        first = next(requests, b"")
        impatience.cancel()
        try:
            opening = v1.PlayGamesRequest.FromString(first).open
        except Exception:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the first request is no message of dqnd.v1")
        if opening.id not in ("", self._game.id):
            yield _refusal(f"this worker plays {self._game.id}, not {opening.id}; write environment.id: remote:ADDRESS")
            return
        if not 1 <= opening.n_envs <= self._most_games:
            yield _refusal(f"{opening.n_envs} games are asked for; this worker plays 1 to {self._most_games} (--envs)")
            return
        self._take(opening.n_envs, context)
        try:
            with contextlib.closing(Worker()) as worker:
                context.add_callback(worker.kill)  # nobody waits for its answer any more
                yield worker.ask(self._game.open(opening).SerializeToString())
                for request in requests:
                    yield worker.ask(request)
        except WorkerLost as lost:
            context.abort(grpc.StatusCode.ABORTED, str(lost))
        finally:
            with self._lock:
                self._played -= opening.n_envs

    def _check_token(self, context: grpc.ServicerContext) -> None:
        if self._token is None:
            return
        shown = dict(context.invocation_metadata()).get("authorization", "")
        if not hmac.compare_digest(str(shown).encode(), f"Bearer {self._token}".encode()):
            context.abort(
                grpc.StatusCode.UNAUTHENTICATED,
                "it wants the token of `dqnd-env serve`; environment.worker_access names a folder with it",
            )

    def _take(self, games: int, context: grpc.ServicerContext) -> None:
        with self._lock:
            left = self._most_games - self._played
            if games <= left:
                self._played += games
                return
        context.abort(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"{games} games are asked for, and {left} of the {self._most_games} (--envs) are left; a daemon plays "
            "environment.n_envs, one more for evaluation, and one for each exhibition",
        )


def _refusal(message: str) -> bytes:
    return v1.PlayGamesResponse(failed=v1.GamesFailed(message=message, is_final=True)).SerializeToString()


def _bind(server: grpc.Server, address: str, keys: access.Access | None) -> str:
    """Where it listens, port and all. Raises RuntimeError."""
    if keys is not None:
        credentials = grpc.ssl_server_credentials([(keys.key_pem, keys.certificate_pem)])
        port = server.add_secure_port(address, credentials)
        return f"{address.rpartition(':')[0]}:{port}"
    before = os.umask(0o177)  # a socket for nobody but its owner
    try:
        server.add_insecure_port(address)
    finally:
        os.umask(before)
    return address


def _check_address(address: str) -> None:
    """Raises ValueError."""
    if not address.startswith(UNIX):
        host, _, port = address.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not host or (":" in host and not bracketed) or not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise ValueError(
                f'"{address}" is no address; write HOST:PORT (0.0.0.0:50052, port 0 takes a free one), [::1]:PORT or unix:PATH'
            )
        return
    path = Path(address.removeprefix(UNIX))
    if not path.is_absolute():
        raise ValueError(f'"{address}" needs an absolute path')
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise ValueError(f"{path} is there and is no socket; name another, or remove it")
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise ValueError(f"somebody listens at {path}; name another")
    path.unlink()  # left behind by one that was killed


def serve(game: Game, most_games: int, address: str, folder: Path) -> int:
    """Until SIGTERM or Ctrl-C. Returns the exit status."""
    try:
        _check_address(address)
        keys = None if address.startswith(UNIX) else access.find_or_make(folder)
        with contextlib.closing(Worker()) as worker:
            answer = v1.PlayGamesResponse.FromString(worker.ask(game.open(v1.OpenGames(n_envs=1)).SerializeToString()))
        if answer.HasField("failed"):
            raise ValueError(answer.failed.message)
        # Every stream plays a game and keeps a thread; a few more are told that no game is left.
        server = grpc.server(ThreadPoolExecutor(most_games + 4), options=OPTIONS, maximum_concurrent_rpcs=most_games + 4)
        server.add_generic_rpc_handlers((Service(game, most_games, keys.token if keys else None),))
        place = _bind(server, address, keys)
    except (ValueError, OSError, RuntimeError, WorkerLost) as error:
        print(f"dqnd-env: {error}", file=sys.stderr)
        return 2
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    server.start()
    print(f"dqnd-env: {game.id}, up to {most_games} games at a time, at {place}")
    if keys is not None:
        print(f"  whoever plays them needs {folder / access.TOKEN} and {folder / access.CERTIFICATE}: copy both into a folder there,\n"
              f"  dqnd train CONFIG environment.id=remote:{place} environment.worker_access=FOLDER")
    else:
        print(f"  dqnd train CONFIG environment.id=remote:{place}")
    sys.stdout.flush()
    over.wait()
    server.stop(GRACE_SECONDS).wait()
    return 0
