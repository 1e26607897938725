"""One group of games, told by messages what to do (dqnd.v1.EnvironmentService)."""

from __future__ import annotations

import traceback

import gymnasium

from dqnd.games.games import Games
from dqnd.games.spaces import Refused
from dqnd.v1 import environment_pb2 as v1

CONTRACT_REVISION = 2


class Session:
    """Answers requests one by one. What goes wrong is an answer, too: `failed`, after which the games are
    over and the caller begins with a new session."""

    def __init__(self) -> None:
        self._games: Games | None = None
        self._is_open = False  # a worker elsewhere lets its callers choose no second game

    def answer(self, request: v1.PlayGamesRequest) -> v1.PlayGamesResponse:
        command = request.WhichOneof("command")
        try:
            if command == "open" and not self._is_open:
                self._is_open = True
                return v1.PlayGamesResponse(opened=self._open(request.open))
            if self._games is None:
                raise Refused(f"the first request must be open, not {command}")
            if command == "open":
                raise Refused("the games are open already")
            return getattr(self, f"_{command}")(self._games, getattr(request, command))
        except Refused as error:
            return v1.PlayGamesResponse(failed=v1.GamesFailed(message=str(error), is_final=True))
        except Exception as error:  # an environment may raise anything
            traceback.print_exc()
            return v1.PlayGamesResponse(failed=v1.GamesFailed(message=f"{type(error).__name__}: {error}"))

    def close(self) -> None:
        if self._games is not None:
            self._games.close()

    def _open(self, request: v1.OpenGames) -> v1.GamesOpened:
        if request.contract_revision not in (0, CONTRACT_REVISION):
            raise Refused(
                f"the worker speaks revision {CONTRACT_REVISION} of dqnd.v1 games, the daemon "
                f"{request.contract_revision}; install the dqnd package of the daemon's checkout"
            )
        games = Games(
            request.id,
            request.n_envs,
            request.max_episode_env_steps,
            request.arguments_json,
            request.wrappers_json,
            request.holds_ends,
        )
        self._games = games
        height, width, channels = games.observation.shape
        is_bytes = games.observation.dtype.itemsize == 1
        picture = games.first_picture()
        spec = v1.EnvironmentSpec(
            id=request.id,
            observation=v1.ObservationSpec(
                element_type=v1.ELEMENT_TYPE_UINT8 if is_bytes else v1.ELEMENT_TYPE_FLOAT32,
                height=height,
                width=width,
                channels=channels,
                stack=request.frame_stack or 1,
                scale=games.observation.scale,
            ),
            action_names=games.action_names,
            native_height_pixels=picture.shape[0],
            native_width_pixels=picture.shape[1],
            frame_skip=1,
            frames_per_second=games.frames_per_second,
            pixel_aspect=1,
            max_episode_env_steps=games.limit,
        )
        return v1.GamesOpened(
            contract_revision=CONTRACT_REVISION,
            spec=spec,
            can_save=games.can_save,
            worker=f"gymnasium {gymnasium.__version__}",
            remark=games.draws_not,
        )

    def _reset(self, games: Games, request: v1.ResetGames) -> v1.PlayGamesResponse:
        observations = games.reset(list(request.seeds)).tobytes()
        return v1.PlayGamesResponse(reset=v1.GamesReset(observations=observations))

    def _step(self, games: Games, request: v1.StepGames) -> v1.PlayGamesResponse:
        outcomes, rewards, terminated, truncated, firsts = games.step(list(request.actions))
        return v1.PlayGamesResponse(
            stepped=v1.GamesStepped(
                outcomes=outcomes.tobytes(),
                rewards=rewards,
                terminated=bytes(terminated),
                truncated=bytes(truncated),
                first_observations=b"".join(first.tobytes() for first in firsts),
            )
        )

    def _render(self, games: Games, request: v1.RenderGame) -> v1.PlayGamesResponse:
        picture = games.render(request.game)
        height, width, _ = picture.shape
        return v1.PlayGamesResponse(rendered=v1.GameRendered(width=width, height=height, rgb=picture.tobytes()))

    def _save(self, games: Games, _: v1.SaveGames) -> v1.PlayGamesResponse:
        return v1.PlayGamesResponse(saved=v1.GamesSaved(states=games.save()))

    def _load(self, games: Games, request: v1.LoadGames) -> v1.PlayGamesResponse:
        observations = games.load(list(request.states)).tobytes()
        return v1.PlayGamesResponse(loaded=v1.GamesLoaded(observations=observations))
