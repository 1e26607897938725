#!/usr/bin/env python3
"""What games in worker processes cost beyond the games themselves.

    benchmarks/workers.py            needs the dqnd package, ale-py and opencv in this Python

CartPole, 8 games of one worker: a batch of env_steps as `dqnd train` plays it at random, beside the same games
stepped in this process. Pong, preprocessed, 2 games of 2 workers: env_steps a second, beside Gymnasium's
AsyncVectorEnv with as many. In turns; medians."""

import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import gymnasium
import numpy as np
from dqnd.games.games import Games

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "build" / "release" / "bin" / "dqnd"
WORKER = pathlib.Path(sys.executable).parent / "dqnd-env"
POLICIES = {"mlp": {"architecture": "mlp", "hidden_sizes": [16]}, "nature_cnn": {"architecture": "nature_cnn"}}


def make_pong():
    import ale_py

    gymnasium.register_envs(ale_py)
    env = gymnasium.make("ALE/Pong-v5", frameskip=1, repeat_action_probability=0.0)
    return gymnasium.wrappers.AtariPreprocessing(env)


def batch_seconds_of_dqnd(game_id, n_envs, workers, architecture, env_steps):
    """Of a batch of n_envs env_steps at random: the run never learns."""
    with tempfile.TemporaryDirectory() as folder:
        config = {
            "run": {"name": "run", "directory": folder},
            "environment": {"id": game_id, "n_envs": n_envs, "workers": workers, "worker": str(WORKER)},
            "network": POLICIES[architecture],
            "replay": {"buffer_size": env_steps},
            "train": {"total_env_steps": env_steps, "learning_starts": env_steps, "threads": 1},
            "evaluation": {"every_env_steps": 0},
            "checkpoint": {"every_env_steps": env_steps},
            "metrics": {"every_env_steps": env_steps // 10},
            "server": {"listen": None},
        }
        path = pathlib.Path(folder) / "config.yaml"
        path.write_text(json.dumps(config))
        found = dict(os.environ, PYTHONPATH=str(pathlib.Path(__file__).parent))  # make_pong
        subprocess.run([PROGRAM, "train", path], check=True, capture_output=True, env=found)
        with open(pathlib.Path(folder) / "run" / "progress.csv") as file:
            speeds = [float(row["time/fps"]) for row in csv.DictReader(file) if row["time/fps"]]
    return n_envs / statistics.median(speeds)


def batch_seconds_in_this_process(game_id, n_envs, env_steps):
    games = Games(game_id, n_envs)
    games.reset(list(range(n_envs)))
    chance = np.random.default_rng(1)
    moves = chance.integers(games.action.count, size=(env_steps // n_envs, n_envs)).tolist()
    began = time.perf_counter()
    for move in moves:
        games.step(move)
    return (time.perf_counter() - began) / len(moves)


def batch_seconds_of_gymnasium(n_envs, env_steps):
    games = gymnasium.vector.AsyncVectorEnv([make_pong] * n_envs)
    games.reset(seed=1)
    chance = np.random.default_rng(1)
    moves = chance.integers(6, size=(env_steps // n_envs, n_envs))
    began = time.perf_counter()
    for move in moves:
        games.step(move)
    seconds = (time.perf_counter() - began) / len(moves)
    games.close()
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    ours, alone, pong, gym = [], [], [], []
    for _ in range(rounds):
        ours.append(1e6 * batch_seconds_of_dqnd("gymnasium:CartPole-v1", 8, 1, "mlp", 80_000))
        alone.append(1e6 * batch_seconds_in_this_process("gymnasium:CartPole-v1", 8, 80_000))
        pong.append(2 / batch_seconds_of_dqnd("python:workers:make_pong", 2, 2, "nature_cnn", 6_000))
        gym.append(2 / batch_seconds_of_gymnasium(2, 6_000))
    beyond = [mine - theirs for mine, theirs in zip(ours, alone)]
    ratios = [mine / theirs for mine, theirs in zip(pong, gym)]
    print(f"8 CartPoles, a batch: {statistics.median(ours):.0f} us, the games alone {statistics.median(alone):.0f}, "
          f"beyond them {statistics.median(beyond):.0f} ({min(beyond):.0f} to {max(beyond):.0f})")
    print(f"2 Pongs, env_steps/s: {statistics.median(pong):.0f}, AsyncVectorEnv {statistics.median(gym):.0f}, "
          f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
