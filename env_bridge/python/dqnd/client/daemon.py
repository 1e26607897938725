"""A connection to a dqnd daemon."""

from __future__ import annotations

import hashlib
import os
import queue
import socket
import ssl
from typing import Any, Callable, Iterator

import grpc
import numpy as np

from dqnd.client.address import Address, resolve
from dqnd.client.moments import Moment, MomentReader
from dqnd.v1 import exhibition_pb2, exhibition_pb2_grpc, run_pb2, run_pb2_grpc, stream_pb2, stream_pb2_grpc

CONTRACT_REVISION = 1
SECONDS_FOR_WORK = 600  # a checkpoint, a cycle, the end of an evaluation
LARGEST_MESSAGE = 16 << 20
NAME_IN_CERTIFICATES = "dqnd"


class DaemonError(Exception):
    """The daemon cannot be reached, or declines; says why in a line."""


class Daemon:
    """What dqnd.connect gives. Any thread may call it. Every call raises DaemonError."""

    def __init__(self, where: str | os.PathLike[str], *, token: str = "", fingerprint: str = "", timeout_seconds: float = 10):
        self._address = resolve(where, token, fingerprint)
        self._timeout = timeout_seconds
        self._metadata = [("authorization", f"Bearer {self._address.token}")] if self._address.token else []
        self._channel = _open_channel(self._address, timeout_seconds)
        self._run = run_pb2_grpc.RunServiceStub(self._channel)
        try:
            first = self._call(self._run.GetRun, run_pb2.GetRunRequest(contract_revision=CONTRACT_REVISION))
        except DaemonError:
            self._channel.close()
            raise
        self.description: run_pb2.RunDescription = first.description
        self.contract: run_pb2.Contract = first.contract
        self.may_control: bool = first.may_control

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<dqnd daemon of {self.description.name} at {self._address.target}>"

    def close(self) -> None:
        """Ends its streams, too."""
        self._channel.close()

    @property
    def action_names(self) -> list[str]:
        return list(self.description.environment.action_names)

    def status(self) -> run_pb2.RunState:
        """Where the run stands; its fields are explained in proto/dqnd/v1/run.proto."""
        return self._call(self._run.GetRun, run_pb2.GetRunRequest(contract_revision=CONTRACT_REVISION)).state

    def curves(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The columns of progress.csv and evaluations.csv, thinned out: env_steps [points] int64, values [points]."""
        answer = self._call(self._run.ListMetrics, run_pb2.ListMetricsRequest())
        return {curve.name: (np.array(curve.env_steps, np.int64), np.array(curve.values)) for curve in answer.curves}

    def pause(self) -> run_pb2.RunState:
        """Returns when the run stands still. Nothing that is learned changes by it."""
        return self._call(self._run.Pause, run_pb2.PauseRequest(), SECONDS_FOR_WORK).state

    def resume(self) -> run_pb2.RunState:
        return self._call(self._run.Resume, run_pb2.ResumeRequest()).state

    def step(self, cycles: int = 1) -> run_pb2.RunState:
        """Plays cycles (each acts once in every environment) of a paused run."""
        return self._call(self._run.Step, run_pb2.StepRequest(cycles=cycles), SECONDS_FOR_WORK).state

    def checkpoint(self) -> run_pb2.CheckpointState:
        """Returns when it is complete."""
        return self._call(self._run.Checkpoint, run_pb2.CheckpointRequest(), SECONDS_FOR_WORK).checkpoint

    def stop(self) -> run_pb2.RunState:
        """The run ends with a checkpoint, and its process with status 0."""
        return self._call(self._run.Stop, run_pb2.StopRequest()).state

    def watch(
        self, environment_index: int = 0, moments_per_second: float = 30, *, network_input: bool = False, saliency: bool = False
    ) -> Iterator[Moment]:
        """Training as it happens, sampled: a slow reader misses moments, and never gets late ones. Ends when the
        loop that reads it ends."""
        request = stream_pb2.WatchRequest(
            environment_index=environment_index,
            moments_per_second=moments_per_second,
            network_input=network_input,
            saliency=saliency,
        )
        stub = stream_pb2_grpc.StreamServiceStub(self._channel)
        return self._moments(lambda: stub.Watch(request, metadata=self._metadata))

    def play(
        self,
        games: int = 1,
        *,
        speed: float = 1,
        every_frame: bool = False,
        epsilon: float | None = None,
        seed: int | None = None,
        network_input: bool = False,
    ) -> Iterator[Moment]:
        """An exhibition: games of their own with the newest network, which the run does not notice. `speed` 1 is
        real time. With `every_frame` none is left out, and `speed` 0 is as fast as they are read."""
        start = exhibition_pb2.Start(
            speed=speed,
            every_frame=every_frame,
            epsilon=epsilon,
            seed=seed,
            games=games,
            show=exhibition_pb2.Show(network_input=network_input),
        )
        stub = exhibition_pb2_grpc.ExhibitionServiceStub(self._channel)
        requests: queue.SimpleQueue[exhibition_pb2.PlayRequest] = queue.SimpleQueue()
        requests.put(exhibition_pb2.PlayRequest(start=start))
        begin = lambda: stub.Play(iter(requests.get, None), metadata=self._metadata)  # noqa: E731
        return self._moments(begin, lambda: requests.put(None))

    def _moments(self, begin: Callable[[], Any], end: Callable[[], None] = lambda: None) -> Iterator[Moment]:
        reader = MomentReader(self.action_names)
        stream = begin()
        try:
            for response in stream:
                if response.HasField("moment"):
                    yield reader.read(response.moment)
        except grpc.RpcError as error:
            raise self._error(error) from None
        except ValueError as error:
            raise DaemonError(f"{self._address.target} sent what cannot be shown: {error}") from error
        finally:
            stream.cancel()
            end()

    def _call(self, method: Callable[..., Any], request: Any, timeout: float | None = None) -> Any:
        try:
            return method(request, timeout=timeout or self._timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self._error(error) from None
        except ValueError as error:  # gRPC's own, of a channel that is closed
            raise DaemonError(f"{self._address.target}: {error}") from error

    def _error(self, error: grpc.RpcError) -> DaemonError:
        place, said = self._address.target, " ".join((error.details() or "").split())
        hints = {
            grpc.StatusCode.UNAUTHENTICATED: f"{place} wants the token of the dqnd:// link that the daemon printed last, or its run directory",
            grpc.StatusCode.PERMISSION_DENIED: f"this token for {place} is read-only; control needs the one in access/control_token of the run directory",
            grpc.StatusCode.UNIMPLEMENTED: f"{place} is no dqnd daemon, or one of another contract version",
            grpc.StatusCode.DEADLINE_EXCEEDED: f"{place} did not answer in time",
            grpc.StatusCode.UNAVAILABLE: f"{place} cannot be reached: {said}",
            grpc.StatusCode.CANCELLED: f"{place} ended the conversation",
        }
        return DaemonError(hints.get(error.code(), f"{place}: {said}"))


def _open_channel(address: Address, timeout: float) -> grpc.Channel:
    """Nothing secret is sent before the certificate is the right one."""
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", LARGEST_MESSAGE),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.enable_http_proxy", 0),
    ]
    if address.is_unix:
        return grpc.insecure_channel(address.target, [*options, ("grpc.default_authority", "localhost")])
    pem = _certificate(address, timeout)
    if pem is None:
        if address.fingerprint:
            raise DaemonError(f"{address.target} speaks plain text, but its fingerprint promises TLS: nothing was sent")
        return grpc.insecure_channel(address.target, options)
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    if not address.fingerprint:
        raise DaemonError(
            f"{address.target} speaks TLS; compare its fingerprint sha256:{shown} with the one that the daemon printed, and give it as fingerprint"
        )
    if shown != address.fingerprint:
        raise DaemonError(
            f"{address.target} shows another certificate: sha256:{shown}, expected sha256:{address.fingerprint}; nothing was sent"
        )
    options.append(("grpc.ssl_target_name_override", NAME_IN_CERTIFICATES))
    return grpc.secure_channel(address.target, grpc.ssl_channel_credentials(pem.encode()), options)


def _certificate(address: Address, timeout: float) -> str | None:
    """What the server shows; None when it speaks plain text."""
    host, _, port = address.target.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is compared with a fingerprint, not with authorities
    context.set_alpn_protocols(["h2"])
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout) as plain:
            with context.wrap_socket(plain, server_hostname=NAME_IN_CERTIFICATES) as secure:
                shown = secure.getpeercert(binary_form=True)
                return ssl.DER_cert_to_PEM_cert(shown) if shown else None
    except ssl.SSLError as error:
        if error.reason == "WRONG_VERSION_NUMBER":  # what HTTP/2's first words look like to TLS
            return None
        raise DaemonError(f"{address.target} cannot be reached: {error.reason}") from error
    except OSError as error:
        raise DaemonError(f"{address.target} cannot be reached: {error}") from error
