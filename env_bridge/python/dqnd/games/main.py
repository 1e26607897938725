"""dqnd-env: plays Gymnasium environments for a dqnd daemon.

    dqnd-env describe gymnasium:CartPole-v1     what a network sees of it, and what it chooses from
    dqnd-env serve gymnasium:CartPole-v1 --envs 9 --address 0.0.0.0:50052
                                                plays them for a daemon on another machine

The daemon starts `dqnd-env play --fd N` by itself where environment.id begins with "gymnasium:" or "python:"."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from pathlib import Path

from dqnd.v1 import environment_pb2 as v1


def describe(game_id: str, arguments_json: str, wrappers_json: str) -> int:
    from dqnd.games.session import Session

    request = v1.OpenGames(id=game_id, n_envs=1, arguments_json=arguments_json, wrappers_json=wrappers_json)
    answer = Session().answer(v1.PlayGamesRequest(open=request))
    if answer.HasField("failed"):
        print(f"dqnd-env: {answer.failed.message}", file=sys.stderr)
        return 2
    spec = answer.opened.spec
    element = "uint8" if spec.observation.element_type == v1.ELEMENT_TYPE_UINT8 else "float32"
    o = spec.observation
    print(f"{spec.id} ({answer.opened.worker})")
    print(f"  observation  {element} [{o.height}, {o.width}, {o.channels}] (height, width, channels), times {o.scale:.4g}")
    print(f"  actions      {len(spec.action_names)}: {' '.join(spec.action_names)}")
    print(f"  picture      {spec.native_width_pixels} x {spec.native_height_pixels} pixels")
    print(f"  truncated    {f'after {spec.max_episode_env_steps} env_steps' if spec.max_episode_env_steps else 'by nothing'}")
    print(f"  resumes      {'to the bit' if answer.opened.can_save else 'at the border of an episode'}")
    if answer.opened.remark:
        print(f"  but          {answer.opened.remark}")
    return 0


def add_game(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", help="gymnasium:ID or python:MODULE:FUNCTION")
    command.add_argument("--arguments", default="", metavar="JSON", help="what it is made with, by name")
    command.add_argument("--wrappers", default="", metavar="JSON", help='what goes around it: ["GrayscaleObservation"]')


def main() -> int:
    parser = argparse.ArgumentParser(prog="dqnd-env", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    add_game(commands.add_parser("describe", help="what dqnd makes of an environment"))
    serve = commands.add_parser("serve", help="plays games for daemons elsewhere")
    add_game(serve)
    serve.add_argument("--envs", type=int, default=16, metavar="N", help="games at a time, over all daemons (%(default)s)")
    serve.add_argument("--address", default="127.0.0.1:50052", help="HOST:PORT, with TLS and a token, or unix:PATH (%(default)s)")
    serve.add_argument("--access", type=Path, default=Path("dqnd-env-access"), metavar="FOLDER",
                       help="where token, certificate.pem and key.pem lie, or are made (%(default)s)")
    play = commands.add_parser("play", help="for the daemon: plays on an inherited socket")
    play.add_argument("--fd", type=int, required=True)
    arguments = parser.parse_args()
    sys.path.append(str(Path.cwd()))  # behind PYTHONPATH and what is installed
    if arguments.command == "describe":
        return describe(arguments.id, arguments.arguments, arguments.wrappers)
    if arguments.command == "serve":
        from dqnd.games.server import Game, serve as serve_games

        if arguments.envs < 1:
            serve.error(f"--envs is {arguments.envs}; it must be at least 1")
        game = Game(arguments.id, arguments.arguments, arguments.wrappers)
        return serve_games(game, arguments.envs, arguments.address, arguments.access)
    from dqnd.games import frames

    # Ctrl-C in a terminal goes to every process there; the daemon ends first and closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    frames.play(socket.socket(fileno=arguments.fd))
    return 0


if __name__ == "__main__":
    sys.exit(main())
