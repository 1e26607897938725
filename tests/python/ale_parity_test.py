"""ale:* beside its originals: Gymnasium's AtariPreprocessing over ale-py, frame by frame, driven with
the no-op counts and the actions that dqnd says it executed. Where no original exists in one piece
(sticky actions of ours, the wrappers of Stable-Baselines3), a loop written here from their
documentation stands in, over the same emulator and preprocessing."""

import random

import ale_py
import cv2
import gymnasium
import numpy
import pytest
import xxhash
from ale_py.env import AtariEnv
from gymnasium.wrappers import AtariPreprocessing
from trace_support import trace

gymnasium.register_envs(ale_py)
cv2.setNumThreads(1)

GAMES = {
    "breakout": "Breakout",
    "montezuma_revenge": "MontezumaRevenge",
    "ms_pacman": "MsPacman",
    "pong": "Pong",
    "qbert": "Qbert",
    "seaquest": "Seaquest",
    "space_invaders": "SpaceInvaders",
}


class GivenNoops:
    """In the place of the original's random generator: it draws the no-op counts that dqnd drew."""

    def __init__(self):
        self.counts = []

    def integers(self, low, high):
        count = self.counts.pop(0)
        assert low <= count < high
        return count


class Original:
    """AtariPreprocessing over ALE/GAME-v5, whose actions are given one emulator frame at a time."""

    def __init__(self, monkeypatch, game, full_action_space=False, max_frames=None, **preprocessing):
        self.noops = GivenNoops()
        monkeypatch.setattr(AtariEnv, "np_random", property(lambda env: self.noops))
        self.emulator = gymnasium.make(
            f"ALE/{GAMES[game]}-v5",
            frameskip=1,
            repeat_action_probability=0,
            full_action_space=full_action_space,
            max_num_frames_per_episode=max_frames or 108000,
            disable_env_checker=True,
        )
        self.frames = []  # what to execute instead of the action that the agent gives, frame by frame
        self.games = 0
        self.preprocessed = AtariPreprocessing(GivenActions(self), **preprocessing)

    @property
    def meanings(self):
        return self.emulator.unwrapped.get_action_meanings()

    @property
    def lives(self):
        return self.emulator.unwrapped.ale.lives()

    @property
    def screen(self):
        """[height, width, 3], what a person would see."""
        return self.emulator.unwrapped.ale.getScreenRGB()

    def reset(self, seed):
        self.games += 1
        return self.preprocessed.reset(seed=seed)[0]

    def step(self, actions):
        """One env_step, which must use up all the emulator actions."""
        observation, reward, terminated, truncated, _ = self.part_of_step(actions)
        assert not actions, "dqnd executed more frames than the original"
        return observation, reward, terminated, truncated

    def part_of_step(self, actions):
        self.frames = actions
        try:
            return self.preprocessed.step(None)
        finally:
            self.frames = []


class GivenActions(gymnasium.Wrapper):
    """Below AtariPreprocessing: takes each frame's action from the list instead of from the agent."""

    def __init__(self, original):
        super().__init__(original.emulator)
        self.original = original
        # From ALE's number of an action to the index that the environment takes.
        self.index = {action.value: i for i, action in enumerate(self.unwrapped._action_set)}

    def step(self, action):
        if action is None:
            action = self.index[self.original.frames.pop(0)]
        return self.env.step(action)


def digest(observation):
    return xxhash.xxh3_64_hexdigest(numpy.ascontiguousarray(observation).tobytes())


def run(game, env_steps, seed=7, pictures=False, **options):
    """What dqnd did under random actions; those of the agent are drawn here."""
    environment = {"id": f"ale:{game}", **options}
    count = len(ale_py_actions(game, options.get("full_action_space", False)))
    generator = random.Random(seed)
    actions = [generator.randrange(count) for _ in range(env_steps)]
    config = {"environment": environment}
    return trace(config, seed=seed, actions=actions, resets=True, pictures=pictures)


def ale_py_actions(game, full):
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    ale = ale_py.ALEInterface()
    ale.loadROM(ale_py.roms.get_rom_path(game))
    return ale.getLegalActionSet() if full else ale.getMinimalActionSet()


def compare(lines, original, seed, reset, step):
    """Every line against the original; returns how many episodes ended, and by what."""
    ends = {"terminated": 0, "truncated": 0}
    next_seed = seed
    for number, line in enumerate(lines):
        details = line["details"]
        actions = list(details["actions"])
        where = f"line {number} of dqnd trace"
        if line.get("reset"):
            # With noop_max 0 the original does not draw.
            original.noops.counts = [count for count in details["noops"] if count > 0]
            observation = reset(next_seed, actions)
            next_seed = None
            assert not original.noops.counts, where
            assert not actions, where
        else:
            observation, reward, terminated, truncated = step(actions)
            assert line["reward"] == reward, where
            assert line["terminated"] == terminated, where
            assert line["truncated"] == truncated, where
            ends["terminated"] += terminated
            ends["truncated"] += truncated
        assert line["observation_xxh3"] == digest(observation), where
        if "picture_xxh3" in line:
            assert line["picture_xxh3"] == digest(original.screen), where
        assert details["lives"] == original.lives, where
    return ends


def compare_plain(lines, original, seed=7):
    return compare(lines, original, seed, lambda seed, actions: original.reset(seed), original.step)


@pytest.mark.parametrize("game", GAMES)
def test_equals_atari_preprocessing(game, monkeypatch):
    lines = run(game, 1600, pictures=True)
    assert all("picture_xxh3" in line for line in lines)
    ends = compare_plain(lines, Original(monkeypatch, game))
    assert ends["terminated"] >= 1 or game == "montezuma_revenge"


@pytest.mark.parametrize("game", ["breakout", "seaquest", "space_invaders"])
def test_equals_it_when_actions_stick(game, monkeypatch):
    lines = run(game, 1000, repeat_action_probability=0.25)
    compare_plain(lines, Original(monkeypatch, game))
    frames = [line["details"]["actions"] for line in lines if not line.get("reset")]
    # Random actions differ from the one before in most env_steps, and stick past the first frame of a
    # quarter of those.
    mixed = sum(len(set(actions)) > 1 for actions in frames)
    assert 0.1 < mixed / len(frames) < 0.25


@pytest.mark.parametrize("game", ["breakout", "ms_pacman", "qbert"])
def test_equals_it_when_a_lost_life_resets(game, monkeypatch):
    original = Original(monkeypatch, game, terminal_on_life_loss=True)
    assert compare_plain(run(game, 1000, life_loss="reset"), original)["terminated"] >= 3


@pytest.mark.parametrize("game", ["breakout", "pong"])
def test_equals_it_with_all_18_actions(game, monkeypatch):
    original = Original(monkeypatch, game, full_action_space=True)
    compare_plain(run(game, 800, full_action_space=True), original)
    assert len(original.meanings) == 18


def test_equals_it_when_frames_run_out(monkeypatch):
    original = Original(monkeypatch, "pong", max_frames=1001)
    lines = run("pong", 1500, max_frames_per_episode=1001)
    assert compare_plain(lines, original)["truncated"] >= 5


@pytest.mark.parametrize(
    "settings",
    [
        {"frame_skip": 1, "noop_max": 0},
        {"frame_skip": 2, "screen_size": 64},
        {"frame_skip": 3, "screen_size": 96},
        {"frame_skip": 5, "screen_size": 160},
        {"screen_size": 21},
    ],
    ids=str,
)
def test_equals_it_at_other_settings(settings, monkeypatch):
    original = Original(monkeypatch, "breakout", **settings)
    assert compare_plain(run("breakout", 1200, **settings), original)["terminated"] >= 1


class EpisodicLife:
    """Stable-Baselines3's EpisodicLifeEnv over the original, after its documentation: a lost life ends
    the episode, and the next reset goes on by one env_step of NOOP unless the game itself ended."""

    def __init__(self, original, terminal=True):
        self.original = original
        self.terminal = terminal
        self.game_ended = True
        self.lives = 0

    def reset(self, seed, actions):
        if not self.game_ended:
            frame_count = len(actions)
            observation, _, terminated, truncated, _ = self.original.part_of_step(actions)
            assert frame_count > len(actions)
            self.game_ended = terminated or truncated
        if self.game_ended:
            observation = self.original.reset(seed)
            self.game_ended = False
        self.lives = self.original.lives
        return observation

    def step(self, actions):
        observation, reward, terminated, truncated, _ = self.original.part_of_step(actions)
        self.game_ended = terminated or truncated
        if self.terminal and 0 < self.original.lives < self.lives:
            terminated = True
        self.lives = self.original.lives
        return observation, reward, terminated, truncated

    def reset_and_fire(self, seed, actions):
        """FireResetEnv over it: two env_steps at each reset, FIRE and the action after it."""
        observation = self.reset(seed, actions)
        for _ in range(2):
            observation, _, terminated, truncated = self.step(actions)
            if terminated or truncated:
                observation = self.reset(seed, actions)
        return observation


@pytest.mark.parametrize("game", ["breakout", "ms_pacman", "qbert", "pong"])
def test_equals_episodic_life_when_a_lost_life_is_terminal(game, monkeypatch):
    original = Original(monkeypatch, game)
    wrapper = EpisodicLife(original)
    lines = run(game, 2000, life_loss="terminal")
    ends = compare(lines, original, 7, wrapper.reset, wrapper.step)
    # Pong does not count lives.
    assert ends["terminated"] >= (2 if game == "pong" else 3 * original.games - 3)
    assert original.games >= 2


@pytest.mark.parametrize("life_loss", ["ignore", "terminal"])
def test_equals_fire_reset_when_fire_is_pressed(life_loss, monkeypatch):
    original = Original(monkeypatch, "breakout")
    wrapper = EpisodicLife(original, terminal=life_loss == "terminal")
    lines = run("breakout", 1500, life_loss=life_loss, fire_on_reset=True)
    compare(lines, original, 7, wrapper.reset_and_fire, wrapper.step)
    presses = [line["details"]["actions"] for line in lines if line.get("reset")]
    fire, right = (ale_py.Action.FIRE.value, ale_py.Action.RIGHT.value)
    assert all(actions[-8:] == [fire] * 4 + [right] * 4 for actions in presses)
    assert len(presses) >= 3


def test_each_env_step_plays_the_agents_action_when_nothing_sticks():
    lines = run("pong", 300)
    generator = random.Random(7)
    actions = ale_py_actions("pong", full=False)
    for line in (line for line in lines if not line.get("reset")):
        assert line["details"]["actions"] == [actions[generator.randrange(6)].value] * 4


def test_noop_counts_are_uniform_from_1_to_noop_max():
    lines = run("pong", 400, noop_max=3, max_frames_per_episode=7)
    counts = [n for line in lines if line.get("reset") for n in line["details"]["noops"]]
    assert set(counts) == {1, 2, 3}
    assert all(0.25 < counts.count(n) / len(counts) < 0.42 for n in (1, 2, 3))
