"""The Python package's own parts: how spaces become bytes, and games that end, fail and are refused."""

import gymnasium
import numpy as np
import pytest
from dqnd.games.games import Games
from dqnd.games.session import Session
from dqnd.games.spaces import Refused, action_rule, observation_rule
from dqnd.v1 import environment_pb2 as v1
from gymnasium import spaces


def box(low, high, shape, dtype):
    return spaces.Box(low, high, shape, dtype)


@pytest.mark.parametrize(("space", "dtype", "shape", "scale"), [
    (box(0, 255, (84, 84), np.uint8), "u1", (84, 84, 1), 1 / 255),
    (box(0, 255, (210, 160, 3), np.uint8), "u1", (210, 160, 3), 1 / 255),
    (box(0, 1, (10, 10, 4), np.bool_), "u1", (10, 10, 4), 1),
    (box(0, 1, (10, 10, 4), np.uint8), "u1", (10, 10, 4), 1),
    (box(0, 255, (128,), np.uint8), "u1", (1, 1, 128), 1 / 255),
    (box(-1, 1, (4,), np.float32), "<f4", (1, 1, 4), 1),
    (box(-1, 1, (2, 3), np.float64), "<f4", (1, 1, 6), 1),
    (box(0, 1, (7, 7, 3), np.float32), "<f4", (7, 7, 3), 1),
    (spaces.Discrete(16), "<f4", (1, 1, 16), 1),
    (spaces.MultiDiscrete([3, 2]), "<f4", (1, 1, 5), 1),
    (spaces.Dict({"a": spaces.Discrete(2), "b": box(0, 1, (3,), np.float32)}), "<f4", (1, 1, 5), 1),
    (spaces.Tuple([spaces.MultiBinary(4), spaces.Discrete(3)]), "<f4", (1, 1, 7), 1),
])
def test_every_space_has_one_layout(space, dtype, shape, scale):
    rule = observation_rule(space)
    assert (rule.dtype, rule.shape, rule.scale) == (np.dtype(dtype), shape, scale)
    space.seed(1)
    for _ in range(5):
        sample = space.sample()
        encoded = rule.encode(sample)
        assert encoded.shape == shape and encoded.dtype == rule.dtype
        if not isinstance(space, (spaces.Dict, spaces.Tuple)):
            flat = spaces.flatten(space, sample).astype(rule.dtype)
            assert np.array_equal(encoded.reshape(-1), flat)


def test_observations_of_nothing_are_refused():
    for space in (spaces.Dict({"a": box(0, 1, (0,), np.float32)}), box(0, 1, (0, 4), np.float32)):
        with pytest.raises(Refused, match="are empty"):
            observation_rule(space)


@pytest.mark.parametrize("space", [spaces.Text(4), spaces.Dict({"a": spaces.Sequence(spaces.Discrete(2))})])
def test_observations_without_a_fixed_size_are_refused(space):
    with pytest.raises(Refused, match="no fixed number of elements"):
        observation_rule(space)


def test_an_observation_that_is_not_what_was_said_is_an_error():
    rule = observation_rule(box(-1, 1, (2,), np.float32))
    with pytest.raises(ValueError, match=r"shape \[3\] came, not \[2\]"):
        rule.encode(np.zeros(3))
    with pytest.raises(ValueError, match="not finite"):
        rule.encode(np.array([0, np.nan]))


def test_actions_are_counted_through():
    assert [action_rule(spaces.Discrete(3, start=5)).decode(i) for i in range(3)] == [5, 6, 7]
    pairs = action_rule(spaces.MultiDiscrete([2, 3]))
    assert pairs.count == 6
    assert [list(pairs.decode(i)) for i in range(6)] == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    with pytest.raises(Refused, match="continuous ones want another algorithm"):
        action_rule(box(-1, 1, (1,), np.float32))
    for too_many in (spaces.MultiDiscrete([80, 80]), spaces.Discrete(2**40)):
        with pytest.raises(Refused, match="up to 4096"):
            action_rule(too_many)


def test_the_next_episode_begins_within_the_step_that_ended_the_last():
    games = Games("gymnasium:CartPole-v1", 2, max_episode_env_steps=3)
    games.reset([1, 2])
    for env_step in range(3):
        outcomes, rewards, terminated, truncated, firsts = games.step([0, 1])
        assert rewards == [1, 1] and not any(terminated)
        assert list(truncated) == ([1, 1] if env_step == 2 else [0, 0])
    assert len(firsts) == 2 and abs(firsts[0]).max() < 0.05 < abs(outcomes[0]).max()
    assert np.array_equal(games.newest[1], firsts[1])


def preprocessed_pong(**options):
    import ale_py

    gymnasium.register_envs(ale_py)
    env = gymnasium.make("ALE/Pong-v5", frameskip=1, **options)
    return gymnasium.wrappers.AtariPreprocessing(env, noop_max=5)


@pytest.mark.parametrize("game_id", [
    "gymnasium:CartPole-v1", "gymnasium:Acrobot-v1", "gymnasium:MountainCar-v0", "python:games_test:preprocessed_pong"])
def test_a_saved_game_goes_on_to_the_bit(game_id):
    arguments = '{"repeat_action_probability": 0.0}' if "pong" in game_id else ""
    chance = np.random.default_rng(1)
    moves = [[int(chance.integers(2)), int(chance.integers(2))] for _ in range(700)]

    def play(games, moves):
        return [[part.tobytes() if hasattr(part, "tobytes") else list(map(bytes, part)) if part and hasattr(
            part[0], "tobytes") else list(part) for part in games.step(move)] for move in moves]

    games = Games(game_id, 2, max_episode_env_steps=90, arguments_json=arguments)
    games.reset([3, 4])
    play(games, moves[:100])
    states = games.save()
    others = Games(game_id, 2, max_episode_env_steps=90, arguments_json=arguments)
    assert others.can_save
    assert np.array_equal(others.load(states), games.newest)
    assert play(others, moves[100:]) == play(games, moves[100:])


@pytest.mark.parametrize("make", [
    lambda: gymnasium.make("FrozenLake-v1"),
    lambda: gymnasium.wrappers.FrameStackObservation(gymnasium.make("CartPole-v1"), 2),
    lambda: preprocessed_pong(),  # whose actions stick
])
def test_a_game_that_holds_more_than_can_be_saved_says_so(make):
    from dqnd.games.saving import Saver

    assert Saver.of(make()) is None


@pytest.mark.parametrize(("wrappers", "shape"), [
    ('["GrayscaleObservation"]', (210, 160, 1)),
    ('[{"ResizeObservation": {"shape": [84, 90]}}]', (84, 90, 3)),
    ('["GrayscaleObservation", {"ResizeObservation": {"shape": [84, 84]}}]', (84, 84, 1)),
    ('[{"AtariPreprocessing": {"screen_size": 42, "noop_max": 5}}]', (42, 42, 1)),
    ('["gymnasium.wrappers:FlattenObservation"]', (1, 1, 210 * 160 * 3)),
])
def test_wrappers_go_around_the_first_innermost(wrappers, shape):
    arguments = '{"frameskip": 1, "repeat_action_probability": 0}'
    games = Games("gymnasium:ALE/Pong-v5", 1, arguments_json=arguments, wrappers_json=wrappers)
    assert games.observation.shape == shape and games.can_save
    assert games.reset([1]).shape == (1, *shape)


@pytest.mark.parametrize(("wrappers", "said"), [
    ('["NoSuchWrapper"]', 'no "NoSuchWrapper" in gymnasium.wrappers'),
    ('["ResizeObservations"]', "did you mean ResizeObservation?"),
    ('["FrameStackObservation"]', "environment.frame_stack does that"),
    ('[{"TimeLimit": {"max_episode_steps": 5}}]', "environment.max_episode_env_steps does that"),
    ('["math:sinus"]', "cannot be had"),
    ('[{"ResizeObservation": {"shape": [84, 84]}}]', "does not go around"),
    ('[{"A": {}, "B": {}}]', "each is a name, or a name and a mapping"),
    ('{"GrayscaleObservation": {}}', "must be a list"),
    ("[", "is no JSON"),
])
def test_wrappers_that_mean_nothing_are_refused(wrappers, said):
    with pytest.raises(Refused, match=said.replace("?", r"\?")):
        Games("gymnasium:CartPole-v1", 1, wrappers_json=wrappers)


def answer(session, **command):
    return session.answer(v1.PlayGamesRequest(**command))


@pytest.mark.parametrize(("game_id", "reason"), [
    ("gymnasium:Pendulum-v1", "continuous"),
    ("gymnasium:NoSuchGame-v0", "cannot be made"),
    ("python:no_such_module:make", "No module named 'no_such_module'"),
    ("python:math:sin", "cannot be made"),
    ("python:math", "python:MODULE:FUNCTION"),
    ("minatar:breakout", "no game of a worker"),
])
def test_what_cannot_be_learned_is_refused_for_good(game_id, reason):
    failed = answer(Session(), open=v1.OpenGames(id=game_id, n_envs=1)).failed
    assert failed.is_final and reason in failed.message


def test_an_error_within_a_game_is_an_answer():
    session = Session()
    assert answer(session, open=v1.OpenGames(id="gymnasium:CartPole-v1", n_envs=1)).HasField("opened")
    failed = answer(session, step=v1.StepGames(actions=[7])).failed
    assert not failed.is_final and "AssertionError" in failed.message


def test_requests_begin_with_open():
    assert "must be open" in answer(Session(), step=v1.StepGames(actions=[0])).failed.message


@pytest.mark.parametrize("first", ["gymnasium:CartPole-v1", "gymnasium:NoSuchGame-v0"])
def test_a_session_is_opened_once(first):
    """Whoever plays with a worker elsewhere chooses no other game there, and runs no function."""
    session = Session()
    answer(session, open=v1.OpenGames(id=first, n_envs=1))
    failed = answer(session, open=v1.OpenGames(id="python:os:getcwd", n_envs=1)).failed
    assert failed.is_final and ("open already" in failed.message or "must be open" in failed.message)


def test_an_end_is_held_until_the_next_reset():
    games = Games("gymnasium:CartPole-v1", 1, max_episode_env_steps=2, holds_ends=True)
    games.reset([1])
    games.step([0])
    outcomes, _, _, truncated, firsts = games.step([0])
    assert list(truncated) == [1] and not firsts
    assert np.array_equal(games.newest, outcomes) and abs(outcomes).max() > 0.05
    assert abs(games.reset([])).max() < 0.05


def test_a_limit_of_ones_own_replaces_that_of_the_game():
    for limit, expected in ((0, 200), (150, 150), (1000, 1000)):
        games = Games("gymnasium:MountainCar-v0", 1, max_episode_env_steps=limit)
        games.reset([1])
        cut = next(i for i in range(2000) if any(games.step([1])[3]))
        assert (cut + 1, games.limit) == (expected, expected)


class Drawn(gymnasium.Env):
    """Draws whatever `drawn` is."""

    observation_space = box(0, 1, (3,), np.float32)
    action_space = spaces.Discrete(2)
    render_mode = "rgb_array"
    drawn = None

    def reset(self, seed=None, options=None):
        return np.zeros(3, np.float32), {}

    def render(self):
        return self.drawn


@pytest.mark.parametrize(("drawn", "shape"), [
    (np.full((5, 6, 4), 9, np.uint8), (5, 6, 3)),
    (np.full((5, 6), 9, np.uint8), (5, 6, 3)),
    (np.full((5, 6, 1), 9, np.uint8), (5, 6, 3)),
    (np.full((5, 6, 3), 0.5), None),
    (np.zeros((0, 0, 3), np.uint8), None),
    (np.zeros((9000, 2, 3), np.uint8), None),
    ([np.zeros((5, 6, 3), np.uint8)], None),
    ([], None),
    ("text", None),
    (None, None),
])
def test_whatever_is_drawn_ends_no_game(monkeypatch, drawn, shape):
    monkeypatch.setattr(Drawn, "drawn", drawn)
    games = Games("python:games_test:Drawn", 1)
    picture = games.first_picture()
    assert picture.dtype == np.uint8 and picture.shape == (shape or (120, 160, 3))
    assert (shape is not None) == (games.draws_not == "") and (shape is None or (picture == 9).all())


def test_an_observation_that_bytes_do_not_hold_is_an_error():
    rule = observation_rule(box(0, 255, (2,), np.uint8))
    assert list(rule.encode(np.array([3, 255])).reshape(-1)) == [3, 255]
    for wrong in ([0.7, 1], [300, 1], [-1, 0]):
        with pytest.raises(ValueError, match="that no uint8 holds"):
            rule.encode(np.array(wrong))
    assert list(observation_rule(box(0, 1, (2,), np.bool_)).encode(np.array([True, False])).reshape(-1)) == [1, 0]


def test_a_reward_may_be_an_array_of_one():
    class Paying(Drawn):
        def step(self, action):
            return np.zeros(3, np.float32), np.array([2.5]), False, False, {}

    import dqnd.games.games as module

    module.Paying = Paying
    games = Games("python:dqnd.games.games:Paying", 1)
    assert games.step([0])[1] == [2.5]


def test_a_game_that_cannot_be_drawn_is_played_all_the_same():
    class Undrawn(gymnasium.Env):
        observation_space = box(0, 255, (6, 5, 1), np.uint8)
        action_space = spaces.Discrete(2)
        render_mode = "rgb_array"

        def reset(self, seed=None, options=None):
            return np.full((6, 5, 1), 7, np.uint8), {}

        def render(self):
            raise ImportError("no pygame here")

    import dqnd.games.games as module

    module.undrawn = Undrawn
    games = Games("python:dqnd.games.games:undrawn", 1)
    assert games.first_picture().shape == (6, 5, 3)
    assert "no pygame here" in games.draws_not
