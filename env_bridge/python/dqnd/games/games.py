"""A group of Gymnasium environments, played as dqnd's native ones are."""

from __future__ import annotations

import functools
import importlib
import json
from typing import Any, Callable

import gymnasium
import numpy as np

from dqnd.games.saving import Saver
from dqnd.games.spaces import Refused, action_rule, observation_rule
from dqnd.games.wrapping import read_wrappers

GYMNASIUM = "gymnasium:"
PYTHON = "python:"
LARGEST_SIDE = 8192  # of a picture, in pixels


def maker(game_id: str, arguments: dict[str, Any]) -> Callable[[], gymnasium.Env]:
    """What makes the environment that an id names. Raises Refused when there is none."""
    if game_id.startswith(GYMNASIUM):
        name = game_id.removeprefix(GYMNASIUM)
        if name.startswith("ALE/"):
            _register_ale()
        return lambda: _make(lambda: gymnasium.make(name, render_mode="rgb_array", **arguments), game_id)
    if game_id.startswith(PYTHON):
        module, _, function = game_id.removeprefix(PYTHON).partition(":")
        if not module or not function:
            raise Refused(f'"{game_id}" names no function; write python:MODULE:FUNCTION')
        try:
            made_by = getattr(importlib.import_module(module), function)
        except Exception as error:  # a module may raise anything
            raise Refused(f'"{game_id}" cannot be had: {type(error).__name__}: {error}') from error
        return lambda: _make(lambda: made_by(**arguments), game_id)
    raise Refused(f'"{game_id}" is no game of a worker; write gymnasium:ID or python:MODULE:FUNCTION')


def _register_ale() -> None:
    try:
        import ale_py
    except ImportError as error:
        raise Refused(f"Atari needs ale-py beside gymnasium ({error}); pip install ale-py") from error
    gymnasium.register_envs(ale_py)


def _make(make: Callable[[], gymnasium.Env], game_id: str) -> gymnasium.Env:
    try:
        return make()
    except Exception as error:  # an environment may raise anything
        raise Refused(f'"{game_id}" cannot be made: {type(error).__name__}: {error}') from error


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text) if text else {}
    except ValueError as error:
        raise Refused(f"environment.arguments is no JSON: {error}; it is {text}") from error
    if not isinstance(arguments, dict):
        raise Refused(f'environment.arguments must be a JSON object such as {{"size": 3}}; it is {text}')
    return arguments


def _picture(drawn: Any) -> np.ndarray:
    """[height, width, 3] uint8 of what an environment has drawn: gray, RGB or RGBA."""
    picture = np.asarray(drawn)
    if picture.ndim == 2:
        picture = picture[:, :, None]
    if picture.ndim != 3 or picture.dtype != np.uint8 or picture.shape[2] not in (1, 3, 4):
        raise ValueError(f"render() gave {picture.dtype} of shape {list(picture.shape)}, not uint8 [height, width, 3]")
    height, width, channels = picture.shape
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise ValueError(f"render() gave {width} x {height} pixels; each side has 1 to {LARGEST_SIDE}")
    rgb = np.broadcast_to(picture, (height, width, 3)) if channels == 1 else picture[:, :, :3]
    return np.ascontiguousarray(rgb)


class Games:
    """n games of one kind. The next episode of a game begins within the step that ended the last; with `holds_ends`,
    which is for one that is shown, when it is reset.

    Raises Refused where they cannot be learned."""

    def __init__(
        self,
        game_id: str,
        n_envs: int,
        max_episode_env_steps: int = 0,
        arguments_json: str = "",
        wrappers_json: str = "",
        holds_ends: bool = False,
    ):
        arguments = _arguments(arguments_json)
        if max_episode_env_steps and game_id.startswith(GYMNASIUM):
            arguments.setdefault("max_episode_steps", -1)  # instead of the game's own, and outside of the wrappers
        make = maker(game_id, arguments)
        wraps = read_wrappers(wrappers_json)
        if max_episode_env_steps:
            wraps.append(lambda env: gymnasium.wrappers.TimeLimit(env, max_episode_env_steps))
        self.id = game_id
        self.envs = [functools.reduce(lambda env, wrap: wrap(env), wraps, make()) for _ in range(n_envs)]
        first = self.envs[0]
        self.observation = observation_rule(first.observation_space)
        self.action = action_rule(first.action_space)
        limits = (max_episode_env_steps, first.spec.max_episode_steps if first.spec else None)
        self.limit = min((limit for limit in limits if limit and limit > 0), default=0)
        self.holds_ends = holds_ends
        self.savers = [Saver.of(env) for env in self.envs]
        self.draws_not = ""  # why the games cannot be drawn, once that is known
        self.newest = np.zeros((n_envs, *self.observation.shape), self.observation.dtype)

    @property
    def can_save(self) -> bool:
        return all(self.savers)

    @property
    def action_names(self) -> list[str]:
        meanings = getattr(self.envs[0].unwrapped, "get_action_meanings", None)
        names = [str(name) for name in meanings()] if meanings else []
        return names if len(names) == self.action.count else [str(i) for i in range(self.action.count)]

    @property
    def frames_per_second(self) -> float:
        return float((self.envs[0].metadata or {}).get("render_fps") or 30)

    def reset(self, seeds: list[int]) -> np.ndarray:
        """[games, *observation shape]: the first observations."""
        for game, env in enumerate(self.envs):
            seed = seeds[game] if seeds else None
            self.newest[game] = self.observation.encode(env.reset(seed=seed)[0])
        return self.newest

    def step(self, actions: list[int]) -> tuple[np.ndarray, list[float], bytearray, bytearray, list[np.ndarray]]:
        """Outcomes [games, *observation shape], rewards, terminated, truncated, and the first observations of
        the episodes that have begun."""
        rewards: list[float] = []
        terminated, truncated = bytearray(len(self.envs)), bytearray(len(self.envs))
        ended: list[int] = []
        for game, env in enumerate(self.envs):
            observation, reward, is_terminal, is_cut, _ = env.step(self.action.decode(actions[game]))
            self.newest[game] = self.observation.encode(observation)
            rewards.append(np.asarray(reward, np.float64).item())
            if not np.isfinite(rewards[-1]):
                raise ValueError(f"a reward of {rewards[-1]} came")
            terminated[game], truncated[game] = bool(is_terminal), bool(is_cut)
            if (is_terminal or is_cut) and not self.holds_ends:
                ended.append(game)
        outcomes = self.newest.copy() if ended else self.newest
        for game in ended:
            self.newest[game] = self.observation.encode(self.envs[game].reset()[0])
        return outcomes, rewards, terminated, truncated, [self.newest[game] for game in ended]

    def render(self, game: int) -> np.ndarray:
        """[height, width, 3] uint8. Where the environment draws nothing its observation, if that is a picture,
        and else a dark field: what cannot be seen can be learned all the same."""
        env = self.envs[game]
        try:
            if env.render_mode == "rgb_array":
                return _picture(env.render())
        except Exception as error:  # an environment may raise anything; often a library is missing
            self.draws_not = self.draws_not or f"it cannot be drawn: {error}"
        if self.observation.dtype == np.uint8 and self.observation.shape[2] in (1, 3):
            return np.ascontiguousarray(np.broadcast_to(self.newest[game], (*self.observation.shape[:2], 3)))
        return np.full((120, 160, 3), 24, np.uint8)

    def first_picture(self) -> np.ndarray:
        """Of the first game, from any seed; Reset makes it forget that."""
        self.newest[0] = self.observation.encode(self.envs[0].reset(seed=0)[0])
        return self.render(0)

    def save(self) -> list[bytes]:
        """One state a game; `can_save` says whether."""
        return [self.newest[game].tobytes() + saver.save() for game, saver in enumerate(self.savers) if saver]

    def load(self, states: list[bytes]) -> np.ndarray:
        size = self.observation.bytes
        for game, (env, saver, state) in enumerate(zip(self.envs, self.savers, states, strict=True)):
            if saver is None:
                raise Refused(f"{self.id} cannot go on from a saved game")
            env.reset()
            saver.load(state[size:])
            self.newest[game] = np.frombuffer(state[:size], self.observation.dtype).reshape(self.observation.shape)
        return self.newest

    def close(self) -> None:
        for env in self.envs:
            env.close()
