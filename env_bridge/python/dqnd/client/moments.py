"""A moment of a game: what it looks like, and what the agent did and thought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dqnd.client.pictures import PictureDecoder, decode_input, encode_png
from dqnd.v1 import moment_pb2


@dataclass(frozen=True)
class Moment:
    """`step` and what comes from it are None for a game's first picture, and for emulator frames between two
    decisions. A notebook shows a moment as its picture."""

    picture: np.ndarray | None  # [height, width, 3] uint8
    step: moment_pb2.Step | None
    action_name: str | None
    q_values: np.ndarray | None  # [actions] float32
    network_input: np.ndarray | None  # [stack, height, width, channels], where it was asked for
    saliency: np.ndarray | None  # [height, width] uint8, 255 where the network looks most; where it was asked for
    not_shown: moment_pb2.StepSummary  # the env_steps since the moment before
    unix_nanoseconds: int  # by the daemon's clock

    @property
    def env_step(self) -> int | None:
        return self.step.env_step if self.step else None

    @property
    def action(self) -> int | None:
        return self.step.action if self.step else None

    @property
    def reward(self) -> float | None:
        return self.step.reward if self.step else None

    @property
    def return_so_far(self) -> float | None:
        return self.step.return_so_far if self.step else None

    def png(self, scale: int = 1) -> bytes:
        """The picture, each pixel `scale` times as wide and high."""
        if self.picture is None:
            raise ValueError("this moment has no picture")
        return encode_png(self.picture.repeat(scale, 0).repeat(scale, 1))

    def _repr_png_(self) -> bytes | None:
        if self.picture is None:
            return None
        return self.png(max(1, round(400 / self.picture.shape[0])))


class MomentReader:
    """Of one stream, whose pictures build on one another."""

    def __init__(self, action_names: list[str]) -> None:
        self._action_names = action_names
        self._pictures = PictureDecoder()

    def read(self, message: moment_pb2.Moment) -> Moment:
        step = message.step if message.HasField("step") else None
        saliency = message.saliency
        return Moment(
            picture=self._pictures.decode(message.picture) if message.HasField("picture") else None,
            step=step,
            action_name=self._action_names[step.action] if step and 0 <= step.action < len(self._action_names) else None,
            q_values=np.array(step.q_values, np.float32) if step and step.q_values else None,
            network_input=decode_input(message.network_input) if message.HasField("network_input") else None,
            saliency=np.frombuffer(saliency.strength, np.uint8).reshape(saliency.height, saliency.width)
            if message.HasField("saliency") else None,
            not_shown=message.not_shown,
            unix_nanoseconds=message.unix_nanoseconds,
        )
