"""CartPole, Acrobot and MountainCar equal Gymnasium's, bit for bit, under the same seed and actions.

Each game is played with Gymnasium first: every other episode by a policy that plays it well, which
needs Gymnasium's observations, the rest at random, so that episodes end by termination and by
truncation. Random actions are held for a few env_steps: that swings an acrobot far enough for its
motion to become chaotic, and a difference in a state's last bit to show in what is observed. The
actions are then given to `dqnd trace`.
"""

import gymnasium
import numpy
import pytest
from trace_support import assert_same_trace, observation_xxh3, trace

SEEDS = (0, 7, 2**40 + 1)
ENV_STEPS = 8_000


def balance(observation):
    position, velocity, angle, angular_velocity = observation
    return int(0.1 * position + 0.3 * velocity + 3 * angle + angular_velocity > 0)


def swing_up(observation):
    return 2 if observation[4] < 0 else 0


def gather_speed(observation):
    return 2 if observation[1] >= 0 else 0


GAMES = {
    "classic:cartpole": ("CartPole-v1", balance),
    "classic:acrobot": ("Acrobot-v1", swing_up),
    "classic:mountain_car": ("MountainCar-v0", gather_speed),
}


def play_original(name, policy, seed, **limits):
    """The actions played, and what `dqnd trace --resets` has to say of them."""
    original = gymnasium.make(name, **limits)
    chance = numpy.random.default_rng(seed)
    actions, lines = [], []
    observation, _ = original.reset(seed=seed)
    assert observation.dtype == numpy.float32
    lines.append({"reset": True, "observation_xxh3": observation_xxh3(observation)})
    plays_well = True
    for env_step in range(ENV_STEPS):
        if env_step % 6 == 0:
            random_action = int(chance.integers(original.action_space.n))
        action = policy(observation) if plays_well else random_action
        observation, reward, terminated, truncated, _ = original.step(action)
        actions.append(action)
        lines.append({
            "reward": reward,
            "terminated": terminated,
            "truncated": truncated,
            "observation_xxh3": observation_xxh3(observation),
        })
        if terminated or truncated:
            observation, _ = original.reset()
            lines.append({"reset": True, "observation_xxh3": observation_xxh3(observation)})
            plays_well = not plays_well
    return actions, lines


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("game", GAMES)
def test_every_line_equals_gymnasiums(game, seed):
    name, policy = GAMES[game]
    actions, originals = play_original(name, policy, seed)
    ours = trace({"environment": {"id": game}}, seed, actions, resets=True)
    assert_same_trace(ours, originals)
    assert any(line.get("terminated") for line in originals)
    assert any(line.get("truncated") for line in originals)


def test_a_balanced_pole_is_truncated_after_500_env_steps():
    actions, _ = play_original("CartPole-v1", balance, seed=3)
    ours = trace({"environment": {"id": "classic:cartpole"}}, 3, actions[:500])
    assert [line["truncated"] for line in ours] == [False] * 499 + [True]
    assert not any(line["terminated"] for line in ours)


@pytest.mark.parametrize("game", GAMES)
def test_an_own_limit_truncates_as_gymnasiums_max_episode_steps_does(game):
    name, policy = GAMES[game]
    actions, originals = play_original(name, policy, seed=5, max_episode_steps=20)
    config = {"environment": {"id": game, "max_episode_env_steps": 20}}
    assert_same_trace(trace(config, 5, actions, resets=True), originals)
    if game == "classic:cartpole":  # a pole that falls in the limit's own env_step
        assert any(line.get("terminated") and line["truncated"] for line in originals)
