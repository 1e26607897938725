"""DQN in one file, as CleanRL has it: PyTorch, Gymnasium and Stable-Baselines3's replay buffer, and a loop.

    single_file_dqn.py breakout --envs 1 --env-steps-per-update N --threads N --seconds S"""

import argparse
import os
import warnings

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("workload", choices=["breakout"])
parser.add_argument("--envs", type=int, default=1)
parser.add_argument("--env-steps-per-update", type=int, required=True)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=20)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
warnings.filterwarnings("ignore")

import ale_py
import gymnasium
import numpy
import torch
from gymnasium.wrappers import FrameStackObservation
from stable_baselines3.common.atari_wrappers import AtariWrapper
from stable_baselines3.common.buffers import ReplayBuffer
from stopwatch import Stopwatch
from torch import nn

assert arguments.envs == 1, "the loop has one game"
torch.set_num_threads(arguments.threads)
gymnasium.register_envs(ale_py)
LEARNING_STARTS, TARGET_EVERY, GAMMA, EPSILON = 1000, 1000, 0.99, 0.05


class Squeezed(gymnasium.ObservationWrapper):
    """[84, 84, 1] -> [84, 84]"""

    def __init__(self, env):
        super().__init__(env)
        self.observation_space = gymnasium.spaces.Box(0, 255, env.observation_space.shape[:2], numpy.uint8)

    def observation(self, observation):
        return observation[..., 0]


def network(actions):
    return nn.Sequential(nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3, 1), nn.ReLU(),
                         nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, actions))


game = FrameStackObservation(Squeezed(AtariWrapper(gymnasium.make("BreakoutNoFrameskip-v4"))), 4)
q, target = network(game.action_space.n), network(game.action_space.n)
target.load_state_dict(q.state_dict())
optimizer = torch.optim.Adam(q.parameters(), lr=1e-4)
memory = ReplayBuffer(100_000, game.observation_space, game.action_space, "cpu", optimize_memory_usage=True, handle_timeout_termination=False)
random = numpy.random.default_rng(1)
state, _ = game.reset(seed=1)
watch = None
for env_step in range(1, 10**9):
    if env_step < LEARNING_STARTS or random.random() < EPSILON:
        action = game.action_space.sample()
    else:
        with torch.no_grad():
            action = int(q(torch.as_tensor(numpy.asarray(state))[None].float() / 255).argmax())
    next_state, reward, terminated, truncated, info = game.step(action)
    memory.add(numpy.asarray(state), numpy.asarray(next_state), numpy.array([action]), numpy.array([reward]), numpy.array([terminated]), [info])
    state = game.reset()[0] if terminated or truncated else next_state
    if env_step < LEARNING_STARTS or env_step % arguments.env_steps_per_update:
        continue
    batch = memory.sample(32)
    with torch.no_grad():
        best = target(batch.next_observations.float() / 255).max(1).values
        y = batch.rewards.flatten() + GAMMA * best * (1 - batch.dones.flatten())
    loss = nn.functional.smooth_l1_loss(q(batch.observations.float() / 255).gather(1, batch.actions).flatten(), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if env_step % TARGET_EVERY == 0:
        target.load_state_dict(q.state_dict())
    watch = watch or Stopwatch(arguments.seconds, peer="a single file with PyTorch", version=torch.__version__)
    watch.after(env_step)
