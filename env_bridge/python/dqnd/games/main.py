"""dqnd-env: plays Gymnasium environments for a dqnd daemon.

    dqnd-env describe gymnasium:CartPole-v1     what a network sees of it, and what it chooses from

The daemon starts `dqnd-env play --fd N` by itself where environment.id begins with "gymnasium:" or "python:"."""

from __future__ import annotations

import argparse
import signal
import socket
import sys

from dqnd.games import frames
from dqnd.games.session import Session
from dqnd.v1 import environment_pb2 as v1


def describe(game_id: str, arguments_json: str) -> int:
    request = v1.OpenGames(id=game_id, n_envs=1, arguments_json=arguments_json)
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="dqnd-env", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    description = commands.add_parser("describe", help="what dqnd makes of an environment")
    description.add_argument("id", help="gymnasium:ID or python:MODULE:FUNCTION")
    description.add_argument("--arguments", default="", metavar="JSON", help="what it is made with, by name")
    play = commands.add_parser("play", help="for the daemon: plays on an inherited socket")
    play.add_argument("--fd", type=int, required=True)
    arguments = parser.parse_args()
    if arguments.command == "describe":
        return describe(arguments.id, arguments.arguments)
    # Ctrl-C in a terminal goes to every process there; the daemon ends first and closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    frames.serve(socket.socket(fileno=arguments.fd))
    return 0


if __name__ == "__main__":
    sys.exit(main())
