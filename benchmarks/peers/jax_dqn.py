"""DQN as one compiled JAX program, as PureJaxRL has it: environment (gymnax), replay memory and learning never leave it.

    jax_dqn.py WORKLOAD --envs N --env-steps-per-update N --threads N --seconds S"""

import argparse
import os

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("workload", choices=["minatar", "cartpole"])
parser.add_argument("--envs", type=int, default=1)
parser.add_argument("--env-steps-per-update", type=int, required=True)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=20)
arguments = parser.parse_args()
os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:arguments.threads])

from functools import partial

import flax.linen as nn
import gymnax
import jax
import jax.numpy as jnp
import optax
from stopwatch import Stopwatch

ENVS, BATCH, BUFFER, GAMMA, TARGET_EVERY = arguments.envs, 32, 100_000, 0.99, 1000
UPDATES = max(1, ENVS // arguments.env_steps_per_update)  # in a cycle
CYCLES_PER_UPDATE = max(1, arguments.env_steps_per_update // ENVS)
MINATAR = arguments.workload == "minatar"
EPSILON = 0.1 if MINATAR else 0.05
game, settings = gymnax.make("Breakout-MinAtar" if MINATAR else "CartPole-v1")
ACTIONS = game.action_space(settings).n


class Network(nn.Module):
    @nn.compact
    def __call__(self, states):
        if MINATAR:
            x = nn.relu(nn.Conv(16, (3, 3), padding="VALID")(states.astype(jnp.float32)))
            x = nn.relu(nn.Dense(128)(x.reshape(x.shape[:-3] + (-1,))))
        else:
            x = nn.relu(nn.Dense(64)(nn.relu(nn.Dense(64)(states))))
        return nn.Dense(ACTIONS)(x)


network = Network()
optimizer = optax.rmsprop(2.5e-4, decay=0.95, eps=0.01, centered=True) if MINATAR else optax.adam(1e-4)
reset = jax.vmap(game.reset, in_axes=(0, None))
step = jax.vmap(game.step, in_axes=(0, 0, 0, None))
ROWS = BUFFER // ENVS


def learn(theta, target, moments, memory, filled, key):
    key_row, key_lane = jax.random.split(key)
    rows = jax.random.randint(key_row, (BATCH,), 0, filled)
    lanes = jax.random.randint(key_lane, (BATCH,), 0, ENVS)
    batch = {name: values[rows, lanes] for name, values in memory.items()}
    best = network.apply(target, batch["next_state"]).max(-1)
    y = batch["reward"] + GAMMA * (1 - batch["terminated"]) * best

    def loss(theta):
        q = network.apply(theta, batch["state"])[jnp.arange(BATCH), batch["action"]]
        return optax.huber_loss(q, y).mean()

    changes, moments = optimizer.update(jax.grad(loss)(theta), moments, theta)
    return optax.apply_updates(theta, changes), moments


def cycle(carry, _):
    theta, target, moments, memory, states, games, key, count = carry
    key, key_explore, key_action, key_step, key_learn = jax.random.split(key, 5)
    greedy = network.apply(theta, states).argmax(-1)
    explore = jax.random.uniform(key_explore, (ENVS,)) < EPSILON
    actions = jnp.where(explore, jax.random.randint(key_action, (ENVS,), 0, ACTIONS), greedy)
    next_states, games, rewards, terminated, *_ = step(jax.random.split(key_step, ENVS), games, actions, settings)
    row = count % ROWS
    new = {"state": states, "next_state": next_states, "action": actions, "reward": rewards.astype(jnp.float32),
           "terminated": terminated.astype(jnp.float32)}
    memory = {name: values.at[row].set(new[name].astype(values.dtype)) for name, values in memory.items()}
    filled = jnp.minimum(count + 1, ROWS)

    def updates(theta, moments):
        for each in jax.random.split(key_learn, UPDATES):
            theta, moments = learn(theta, target, moments, memory, filled, each)
        return theta, moments

    if CYCLES_PER_UPDATE == 1:
        theta, moments = updates(theta, moments)
    else:
        theta, moments = jax.lax.cond(count % CYCLES_PER_UPDATE == 0, updates, lambda *same: same, theta, moments)
    target = jax.lax.cond(count % max(1, TARGET_EVERY // ENVS) == 0, lambda: theta, lambda: target)
    return (theta, target, moments, memory, next_states, games, key, count + 1), None


@partial(jax.jit, donate_argnums=0, static_argnums=1)
def run(carry, cycles):
    return jax.lax.scan(cycle, carry, None, cycles)[0]


key = jax.random.PRNGKey(1)
states, games = reset(jax.random.split(key, ENVS), settings)
theta = network.init(key, states)
stored = jnp.bool_ if MINATAR else jnp.float32
memory = {"state": jnp.zeros((ROWS,) + states.shape, stored), "next_state": jnp.zeros((ROWS,) + states.shape, stored),
          "action": jnp.zeros((ROWS, ENVS), jnp.int32), "reward": jnp.zeros((ROWS, ENVS)), "terminated": jnp.zeros((ROWS, ENVS))}
carry = (theta, jax.tree.map(jnp.copy, theta), optimizer.init(theta), memory, states, games, key, jnp.int32(0))
watch = Stopwatch(arguments.seconds, peer="JAX, fully compiled", version=jax.__version__)
CYCLES = 1000
for done in range(10**9):
    carry = jax.block_until_ready(run(carry, CYCLES))
    watch.after((done + 1) * CYCLES * ENVS)
