"""EnvPool's Atari, random actions:  envpool_atari.py --envs N --threads N --seconds S"""

import argparse
import warnings

import envpool
import numpy
from stopwatch import Stopwatch

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--envs", type=int, default=8)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=10)
arguments = parser.parse_args()

games = envpool.make_gymnasium("Breakout-v5", num_envs=arguments.envs, num_threads=arguments.threads, seed=1, stack_num=4,
                               reward_clip=False, episodic_life=False)
games.reset()
actions = numpy.random.default_rng(1).integers(0, 4, (4096, arguments.envs), dtype=numpy.int32)
watch = Stopwatch(arguments.seconds, peer="EnvPool", version=envpool.__version__)
for done in range(10**9):
    games.step(actions[done % 4096])
    watch.after((done + 1) * arguments.envs)
