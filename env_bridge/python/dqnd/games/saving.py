"""Environments that are saved and go on to the bit: those with `save_state() -> bytes` and `load_state(bytes)` of
their own (everything they depend on, random generators included), and, without any, Gymnasium's classic control and
ALE's games without sticky actions, each beneath the wrappers that are known here."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterator

import gymnasium
import numpy as np
from gymnasium import wrappers
from gymnasium.envs import classic_control

# What a wrapper carries from one env_step to the next.
WRAPPERS: dict[type[gymnasium.Wrapper], tuple[str, ...]] = {
    wrappers.OrderEnforcing: (),
    wrappers.PassiveEnvChecker: (),
    wrappers.TimeLimit: ("_elapsed_steps",),
    wrappers.AtariPreprocessing: ("lives", "game_over"),
    wrappers.GrayscaleObservation: (),
    wrappers.ResizeObservation: (),
    wrappers.FlattenObservation: (),
}
CLASSIC = (classic_control.CartPoleEnv, classic_control.AcrobotEnv, classic_control.MountainCarEnv)


class Saver:
    """Saves and loads one environment, wrappers and all. `Saver.of` gives none for one that cannot be saved."""

    def __init__(self, env: gymnasium.Env, save: Callable[[], Any], load: Callable[[Any], None]):
        self._layers = list(_layers(env))
        self._save, self._load = save, load

    @staticmethod
    def of(env: gymnasium.Env) -> Saver | None:
        if not all(type(layer) in WRAPPERS for layer in _layers(env)):
            return None
        game = env.unwrapped
        if hasattr(game, "save_state") and hasattr(game, "load_state"):
            return Saver(env, lambda: game.save_state().hex(), lambda state: game.load_state(bytes.fromhex(state)))
        if type(game) in CLASSIC:
            return Saver(env, lambda: _save_classic(game), lambda state: _load_classic(game, state))
        if _is_exact_ale(game):
            return Saver(env, lambda: _save_ale(game), lambda state: _load_ale(game, state))
        return None

    def save(self) -> bytes:
        layers = [{name: getattr(layer, name) for name in WRAPPERS[type(layer)]} for layer in self._layers]
        return json.dumps({"layers": layers, "game": self._save()}).encode()

    def load(self, state: bytes) -> None:
        """Behind a reset."""
        saved = json.loads(state)
        for layer, values in zip(self._layers, saved["layers"], strict=True):
            for name, value in values.items():
                setattr(layer, name, value)
        self._load(saved["game"])


def _layers(env: gymnasium.Env) -> Iterator[gymnasium.Wrapper]:
    while isinstance(env, gymnasium.Wrapper):
        yield env
        env = env.env


def _save_classic(game: Any) -> dict[str, Any]:
    state = np.asarray(game.state)
    return {
        "state": [float(number) for number in state],
        "dtype": str(state.dtype),
        "beyond": getattr(game, "steps_beyond_terminated", None),
        "random": game.np_random.bit_generator.state,
    }


def _load_classic(game: Any, saved: dict[str, Any]) -> None:
    game.state = np.array(saved["state"], saved["dtype"])
    if hasattr(game, "steps_beyond_terminated"):
        game.steps_beyond_terminated = saved["beyond"]
    game.np_random.bit_generator.state = saved["random"]


def _is_exact_ale(game: Any) -> bool:
    """Sticky actions repeat the last one, which ALE's state does not hold."""
    ale = getattr(game, "ale", None)
    return ale is not None and ale.getFloat("repeat_action_probability") == 0


def _save_ale(game: Any) -> dict[str, Any]:
    return {
        "ale": game.ale.cloneState(include_rng=True).__getstate__().hex(),
        "random": game.np_random.bit_generator.state,
    }


def _load_ale(game: Any, saved: dict[str, Any]) -> None:
    import ale_py

    state = ale_py.ALEState.__new__(ale_py.ALEState)
    state.__setstate__(bytes.fromhex(saved["ale"]))
    game.ale.act(0)  # without one a few games go on differently
    game.ale.restoreState(state)
    game.np_random.bit_generator.state = saved["random"]
