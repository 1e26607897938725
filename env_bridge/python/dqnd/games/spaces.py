"""How Gymnasium's spaces become what a Q-network sees and chooses from.

Observations (`observation_rule`), of which each is row-major bytes, float32 little-endian:

| Space | Becomes |
|---|---|
| Box, uint8 or bool, [H, W] or [H, W, C] | uint8 [H, W, C], times 1/255 where it reaches 255 |
| Box, uint8 or bool, another shape | uint8 vector |
| Box of other numbers, [H, W, C] | float32 [H, W, C], as they are |
| Box of other numbers, another shape | float32 vector, as they are |
| Discrete, MultiDiscrete, MultiBinary | float32 vector, one-hot as Gymnasium flattens them |
| Dict, Tuple of these | float32 vector, flattened by Gymnasium |

Actions (`action_rule`): Discrete as it is; MultiDiscrete as the product of its parts, the last counting
fastest. What cannot be done raises Refused with the reason."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
from gymnasium import spaces

MOST_ACTIONS = 4096


class Refused(Exception):
    """These games cannot be learned by a Q-network; says why, and what could be."""


@dataclass(frozen=True)
class ObservationRule:
    """`shape` is [height, width, channels], a vector's [1, 1, n]; `encode` gives an array of it."""

    dtype: np.dtype
    shape: tuple[int, int, int]
    scale: float
    encode: Callable[[Any], np.ndarray]

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class ActionRule:
    """`decode` gives the environment's action of a number below `count`."""

    count: int
    decode: Callable[[int], Any]


def observation_rule(space: spaces.Space) -> ObservationRule:
    if isinstance(space, spaces.Box):
        return _box_rule(space)
    _check_parts(space)
    length = spaces.flatdim(space)
    if length == 0:
        raise Refused(f"its observations are empty: {space}")

    def encode(observation: Any) -> np.ndarray:
        return np.asarray(spaces.flatten(space, observation), np.float32).reshape(1, 1, length)

    return ObservationRule(np.dtype("<f4"), (1, 1, length), 1.0, encode)


def _check_parts(space: spaces.Space) -> None:
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        for part in space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces:
            _check_parts(part)
    elif not isinstance(space, (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)):
        raise Refused(
            f"its observations hold a {type(space).__name__}, which has no fixed number of elements; "
            "Box, Discrete, MultiDiscrete, MultiBinary, and Dict and Tuple of them can be learned from"
        )


def _box_rule(space: spaces.Box) -> ObservationRule:
    shape = space.shape
    if math.prod(shape) == 0:
        raise Refused(f"its observations are empty: Box of shape {list(shape)}")
    is_bytes = space.dtype in (np.uint8, np.bool_)
    dtype = np.dtype("u1") if is_bytes else np.dtype("<f4")
    if len(shape) == 3:
        layout = shape
    elif len(shape) == 2 and is_bytes:
        layout = (*shape, 1)
    else:
        layout = (1, 1, math.prod(shape))
    scale = 1 / 255 if is_bytes and space.high.max() == 255 else 1.0

    def encode(observation: Any) -> np.ndarray:
        array = np.asarray(observation)
        if array.shape != shape:
            raise ValueError(f"an observation of shape {list(array.shape)} came, not {list(shape)}")
        if is_bytes and not np.can_cast(array.dtype, np.uint8) and not np.array_equal(array, array.astype(np.uint8)):
            raise ValueError(f"an observation of {array.dtype} came that no {space.dtype} holds")
        array = array.astype(dtype)
        if not is_bytes and not np.isfinite(array).all():
            raise ValueError("an observation came that is not finite")
        return array.reshape(layout)

    return ObservationRule(dtype, layout, scale, encode)


def _check_count(count: int, what: str) -> None:
    if count > MOST_ACTIONS:
        raise Refused(f"its actions are {what}; up to {MOST_ACTIONS} can be learned")


def action_rule(space: spaces.Space) -> ActionRule:
    if isinstance(space, spaces.Discrete):
        first, count = int(space.start), int(space.n)
        _check_count(count, f"Discrete({count})")
        return ActionRule(count, lambda action: first + action)
    if isinstance(space, spaces.MultiDiscrete):
        sizes = space.nvec.reshape(-1)
        count = math.prod(int(size) for size in sizes)
        _check_count(count, f"MultiDiscrete of {count} combinations")
        first_of_each = np.asarray(space.start)

        def decode(action: int) -> np.ndarray:
            parts = np.unravel_index(action, sizes)
            return (np.array(parts).reshape(space.nvec.shape) + first_of_each).astype(space.dtype)

        return ActionRule(count, decode)
    raise Refused(
        f"its actions are a {type(space).__name__}; Q-learning chooses among Discrete or MultiDiscrete actions"
        + (" (continuous ones want another algorithm)" if isinstance(space, spaces.Box) else "")
    )
