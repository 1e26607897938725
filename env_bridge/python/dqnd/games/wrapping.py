"""Wrappers by configuration: a JSON list, the first innermost. Each is the name of one of gymnasium.wrappers, or
MODULE:CLASS, alone or with what it is made with beside the environment:

    ["GrayscaleObservation", {"ResizeObservation": {"shape": [84, 84]}}]"""

from __future__ import annotations

import difflib
import importlib
import json
from functools import partial
from typing import Any, Callable

import gymnasium
from gymnasium import wrappers

from dqnd.games.spaces import Refused

Wrap = Callable[[gymnasium.Env], gymnasium.Env]

# What dqnd does itself, and better: each frame is stored once.
BETTER = {"FrameStackObservation": "environment.frame_stack", "TimeLimit": "environment.max_episode_env_steps"}


def read_wrappers(text: str) -> list[Wrap]:
    """What a configuration's `wrappers` mean. Raises Refused where they mean nothing."""
    try:
        entries = json.loads(text) if text else []
    except ValueError as error:
        raise Refused(f"environment.wrappers is no JSON: {error}; it is {text}") from error
    if not isinstance(entries, list):
        raise Refused(f'environment.wrappers must be a list such as ["GrayscaleObservation"]; it is {text}')
    return [_read_entry(entry) for entry in entries]


def _read_entry(entry: Any) -> Wrap:
    if isinstance(entry, str):
        return partial(_wrap, entry, _wrapper_class(entry), {})
    if isinstance(entry, dict) and len(entry) == 1:
        ((name, arguments),) = entry.items()
        if isinstance(arguments, dict):
            return partial(_wrap, name, _wrapper_class(name), {key: _hashable(value) for key, value in arguments.items()})
    raise Refused(
        f"environment.wrappers holds {json.dumps(entry)}; each is a name, or a name and a mapping: "
        '{"ResizeObservation": {"shape": [84, 84]}}'
    )


def _hashable(value: Any) -> Any:
    """JSON knows lists alone where Gymnasium's wrappers want tuples."""
    return tuple(_hashable(each) for each in value) if isinstance(value, list) else value


def _wrapper_class(name: str) -> Callable[..., gymnasium.Env]:
    if name in BETTER:
        raise Refused(f"environment.wrappers holds {name}; {BETTER[name]} does that")
    if ":" in name:
        module, _, of_module = name.partition(":")
        try:
            return getattr(importlib.import_module(module), of_module)
        except Exception as error:  # a module may raise anything
            raise Refused(f'the wrapper "{name}" cannot be had: {type(error).__name__}: {error}') from error
    found = getattr(wrappers, name, None)
    if isinstance(found, type) and issubclass(found, gymnasium.Wrapper):
        return found
    nearest = difflib.get_close_matches(name, wrappers.__all__, 1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    raise Refused(f'there is no "{name}" in gymnasium.wrappers{hint} (one of your own is MODULE:CLASS)')


def _wrap(name: str, wrapper: Callable[..., gymnasium.Env], arguments: dict[str, Any], env: gymnasium.Env) -> gymnasium.Env:
    try:
        return wrapper(env, **arguments)
    except Exception as error:  # wrappers check what they are given in ways of their own, by assertions too
        raise Refused(f"the wrapper {name} does not go around {env}: {type(error).__name__}: {error}") from error
