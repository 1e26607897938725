"""Stable-Baselines3's DQN:  sb3_dqn.py WORKLOAD --envs N --threads N --seconds S"""

import argparse
import logging
import os
import warnings

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("workload", choices=["breakout", "minatar", "cartpole"])
parser.add_argument("--envs", type=int, default=1)
parser.add_argument("--env-steps-per-update", type=int, required=True)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=20)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import gymnasium
import numpy
import stable_baselines3
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stopwatch import Stopwatch

torch.set_num_threads(arguments.threads)
LEARNING_STARTS = 1000


def breakout():
    import ale_py
    from stable_baselines3.common.env_util import make_atari_env
    from stable_baselines3.common.vec_env import VecFrameStack

    gymnasium.register_envs(ale_py)
    games = VecFrameStack(make_atari_env("BreakoutNoFrameskip-v4", n_envs=arguments.envs, seed=1), 4)
    return "CnnPolicy", games, dict(learning_rate=1e-4, exploration_initial_eps=0.05, exploration_final_eps=0.05)


class ChannelsFirst(gymnasium.ObservationWrapper):
    def __init__(self, game):
        super().__init__(game)
        height, width, channels = game.observation_space.shape
        self.observation_space = gymnasium.spaces.Box(0, 1, (channels, height, width), numpy.uint8)

    def observation(self, board):
        return board.transpose(2, 0, 1).astype(numpy.uint8)


class MinAtarNetwork(BaseFeaturesExtractor):
    """Young and Tian 2019: conv 16 3x3, linear 128."""

    def __init__(self, space):
        super().__init__(space, 128)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(space.shape[0], 16, 3), torch.nn.ReLU(), torch.nn.Flatten(),
            torch.nn.Linear(16 * 8 * 8, 128), torch.nn.ReLU())

    def forward(self, boards):
        return self.layers(boards)


def minatar():
    import minatar.gym

    if "MinAtar/Breakout-v0" not in gymnasium.registry:
        minatar.gym.register_envs()
    policy = dict(features_extractor_class=MinAtarNetwork, net_arch=[], normalize_images=False,
                  optimizer_class=torch.optim.RMSprop, optimizer_kwargs=dict(alpha=0.95, centered=True, eps=0.01))
    return "CnnPolicy", ChannelsFirst(gymnasium.make("MinAtar/Breakout-v0")), dict(
        learning_rate=2.5e-4, policy_kwargs=policy, exploration_initial_eps=0.1, exploration_final_eps=0.1)


def cartpole():
    from stable_baselines3.common.env_util import make_vec_env

    return "MlpPolicy", make_vec_env("CartPole-v1", n_envs=arguments.envs, seed=1), dict(
        learning_rate=1e-4, exploration_initial_eps=0.05, exploration_final_eps=0.05)


policy, games, options = {"breakout": breakout, "minatar": minatar, "cartpole": cartpole}[arguments.workload]()
# train_freq counts steps of all environments together as one.
cycles = max(1, arguments.env_steps_per_update // arguments.envs)
model = stable_baselines3.DQN(
    policy, games, buffer_size=100_000, learning_starts=LEARNING_STARTS, batch_size=32, gamma=0.99, train_freq=cycles,
    gradient_steps=cycles * arguments.envs // arguments.env_steps_per_update, target_update_interval=1000, device="cpu",
    seed=1, **options)


class Tick(BaseCallback):
    watch = Stopwatch(arguments.seconds, peer="Stable-Baselines3", version=stable_baselines3.__version__)

    def _on_step(self):
        if self.num_timesteps > LEARNING_STARTS:
            self.watch.after(self.num_timesteps)
        return True


model.learn(10**9, callback=Tick())
