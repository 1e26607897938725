"""dqnd's MinAtar games against the MinAtar package: every reward, end and observation is the same."""

import minatar
import numpy
import pytest

import minatar_players
import trace_support

GAMES = sorted(minatar_players.PLAYERS)
ENV_STEPS = 20_000


class RandomPlayer(minatar_players.Player):
    def choose(self, game):
        return int(self.random.integers(6))

    def watch(self, game, reward):
        pass


def play_original(game, seed, player, env_steps, **options):
    """Plays the package; returns the actions that `player` chose and what `dqnd trace` should print."""
    original = minatar.Environment(game, **options)
    original.seed(seed)
    original.reset()
    actions, steps = [], []
    for _ in range(env_steps):
        action = player.choose(original.env)
        reward, terminated = original.act(action)
        player.watch(original.env, reward)
        observation = original.state().astype(numpy.uint8)
        actions.append(action)
        steps.append(
            {
                "reward": int(reward),
                "terminated": bool(terminated),
                "truncated": False,
                "observation_xxh3": trace_support.observation_xxh3(observation),
            }
        )
        if terminated:
            original.reset()
    return actions, steps


def assert_equal_play(game, seed, player, env_steps=ENV_STEPS, options={}, original_options={}):
    actions, steps = play_original(game, seed, player, env_steps, **original_options)
    config = {"environment": {"id": f"minatar:{game}", **options}}
    trace_support.assert_same_trace(trace_support.trace(config, seed, actions), steps)


@pytest.mark.parametrize("seed", [1, 20_230_517])
@pytest.mark.parametrize("game", GAMES)
def test_random_play_is_equal(game, seed):
    assert_equal_play(game, seed, RandomPlayer(numpy.random.default_rng(seed)))


@pytest.mark.parametrize("seed", [2, 2**32 - 1])
@pytest.mark.parametrize("game", GAMES)
def test_good_play_is_equal_where_random_play_never_gets(game, seed):
    player = minatar_players.PLAYERS[game](numpy.random.default_rng(seed))
    assert_equal_play(game, seed, player)
    assert [event for event in player.rare if not player.seen[event]] == []


@pytest.mark.parametrize("game", GAMES)
def test_play_without_ramping_and_sticky_actions_is_equal(game):
    player = minatar_players.PLAYERS[game](numpy.random.default_rng(3))
    assert_equal_play(
        game,
        3,
        player,
        options={"difficulty_ramping": False, "repeat_action_probability": 0.0},
        original_options={"difficulty_ramping": False, "sticky_action_prob": 0.0},
    )


def test_a_seed_counts_by_its_low_32_bits():
    config = {"environment": {"id": "minatar:freeway"}}
    actions = numpy.random.default_rng(4).integers(6, size=500).tolist()
    assert trace_support.trace(config, 2**32 + 5, actions) == trace_support.trace(config, 5, actions)
    assert trace_support.trace(config, 6, actions) != trace_support.trace(config, 5, actions)
