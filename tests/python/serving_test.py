"""Games on another machine: `dqnd-env serve`, and `environment.id: remote:ADDRESS`."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import grpc
import pytest
from dqnd.games.server import METHOD
from dqnd.v1 import environment_pb2 as v1
from dqnd_support import PROGRAM, dqnd
from worker_test import WORKER, configuration, games, train_to_the_same_bits, wait_until_it_trains  # noqa: F401 (a fixture)


@pytest.fixture
def serve(tmp_path):
    """Starts `dqnd-env serve`; gives its address and its process."""
    processes = []

    def begin(game="gymnasium:CartPole-v1", *arguments, address=f"unix:{tmp_path}/games", envs=16):
        process = subprocess.Popen(
            [WORKER, "serve", game, "--envs", str(envs), "--address", address, "--access", tmp_path / "access", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        processes.append(process)
        said = []
        while " at a time, at " not in (line := process.stdout.readline()):
            said.append(line)
            assert line, said
        return line.split(" at ")[-1].strip(), process

    yield begin
    for process in processes:
        process.terminate()
        assert process.wait(60) in (0, -signal.SIGKILL)


def remote(address, **more):
    return {"id": f"remote:{address}", **more}


def test_a_run_ends_with_the_same_bits_natively_and_with_workers_elsewhere(tmp_path, serve):
    over_tls, _ = serve(address="127.0.0.1:0")
    train_to_the_same_bits(tmp_path, 6, {
        "native": {"id": "classic:cartpole"},
        "unix": remote(serve()[0], workers=1),
        "tls": remote(over_tls, workers=3, worker_access=str(tmp_path / "access")),
    })
    token = (tmp_path / "access" / "token").read_text().strip()
    for file in ("dqnd.log", "config.yaml"):
        assert token not in (tmp_path / "tls" / "run" / file).read_text()


def test_secrets_are_for_their_owner_alone(tmp_path, serve):
    serve(address="127.0.0.1:0")
    serve()
    assert (tmp_path / "access").stat().st_mode & 0o777 == 0o700
    for name in ("token", "key.pem", "certificate.pem"):
        assert (tmp_path / "access" / name).stat().st_mode & 0o077 == 0
    assert (tmp_path / "games").stat().st_mode & 0o077 == 0


def access_with(tmp_path, name, **files):
    folder = tmp_path / name
    folder.mkdir()
    for each in ("token", "certificate.pem"):
        source = files.get(each.partition(".")[0], (tmp_path / "access" / each).read_text())
        (folder / each).write_text(source)
    return folder


def refused(tmp_path, environment):
    done = dqnd("train", configuration(tmp_path, environment))
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done


def test_nobody_plays_without_the_token(tmp_path, serve):
    address, _ = serve(address="127.0.0.1:0")
    done = refused(tmp_path, remote(address))
    assert done.returncode == 2 and "set environment.worker_access" in done.stderr
    wrong = access_with(tmp_path, "wrong", token="0" * 64)
    done = refused(tmp_path, remote(address, worker_access=str(wrong)))
    assert done.returncode == 2 and "it wants the token" in done.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    done = refused(tmp_path, remote(address, worker_access=str(empty)))
    assert done.returncode == 2 and "token cannot be read" in done.stderr


def test_the_token_is_for_the_owner_of_the_certificate_alone(tmp_path, serve):
    address, _ = serve(address="127.0.0.1:0")
    subprocess.run([PROGRAM, "cert", tmp_path / "other"], check=True, capture_output=True)
    other = access_with(tmp_path, "copy", certificate=(tmp_path / "other" / "access" / "certificate.pem").read_text())
    done = refused(tmp_path, remote(address, worker_access=str(other)))
    assert done.returncode == 1 and "hold its certificate.pem" in done.stderr


def test_where_nobody_listens_is_said(tmp_path):
    done = refused(tmp_path, remote(f"unix:{tmp_path}/nothing"))
    assert done.returncode == 1 and "No such file" in done.stderr
    for wrong in ("localhost", "unix:", "host:port"):
        done = refused(tmp_path, remote(wrong))
        assert done.returncode == 2 and "write remote:HOST:PORT" in done.stderr


def test_more_games_than_are_there_are_refused(tmp_path, serve):
    address, _ = serve(envs=2)
    done = refused(tmp_path, remote(address, n_envs=3, workers=1))
    assert done.returncode == 2 and "plays 1 to 2 (--envs)" in done.stderr
    done = refused(tmp_path, remote(address, n_envs=4, workers=2))
    # One of them may be on its way back from the daemon before.
    assert done.returncode == 1 and re.search("2 games are asked for, and [01] of the 2", done.stderr), done.stderr


def test_a_game_that_evaluations_would_lack_is_said_at_the_start(tmp_path, serve):
    address, _ = serve(envs=2)
    config = configuration(tmp_path, remote(address, n_envs=2))
    done = dqnd("train", config, "evaluation.every_env_steps=500")
    assert done.returncode == 1 and "0 of the 2 (--envs) are left" in done.stderr, done.stderr
    assert not any((tmp_path / "run").glob("checkpoints/*"))
    assert dqnd("train", config, "evaluation.every_env_steps=0").returncode == 0


def training(config, *overrides):
    return subprocess.Popen([PROGRAM, "train", config, *overrides], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def test_a_worker_elsewhere_that_is_restarted_is_waited_for(tmp_path, serve):
    address, server = serve()
    config = configuration(tmp_path, remote(address, n_envs=2))
    process = training(config, "train.total_env_steps=20000")
    wait_until_it_trains(process, tmp_path / "run")
    server.kill()
    server.wait()
    serve()
    assert process.wait(120) == 0, process.stderr.read()
    assert "a new one goes on, with new episodes" in (tmp_path / "run" / "dqnd.log").read_text()


def test_a_process_that_dies_takes_only_its_own_games_along(tmp_path, serve):
    address, server = serve()
    process = training(configuration(tmp_path, remote(address, n_envs=2)), "train.total_env_steps=20000")
    wait_until_it_trains(process, tmp_path / "run")
    children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    players = [pid for pid in children if b"play" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()] or [
        pid for task in pathlib.Path(f"/proc/{server.pid}/task").iterdir() for pid in (task / "children").read_text().split()]
    os.kill(int(players[0]), signal.SIGKILL)
    assert process.wait(120) == 0, process.stderr.read()
    log = (tmp_path / "run" / "dqnd.log").read_text()
    assert "it was ended by signal 9" in log and len(re.findall("is lost", log)) == 1


def test_a_run_stops_in_time_although_its_worker_elsewhere_is_gone(tmp_path, serve):
    address, server = serve()
    process = training(configuration(tmp_path, remote(address, n_envs=2)), "train.total_env_steps=100000000")
    wait_until_it_trains(process, tmp_path / "run")
    server.kill()
    server.wait()
    time.sleep(1)
    process.terminate()
    assert process.wait(9) == 75


def test_what_a_game_has_started_ends_with_it(tmp_path, serve, games):  # noqa: F811
    (games / "more_games.py").write_text(
        "import os, subprocess\nfrom own_games import Fragile\n\nclass Parent(Fragile):\n    def __init__(self):\n"
        "        self.child = subprocess.Popen(['sleep', '1000'])\n        print('started', self.child.pid, flush=True)\n")
    address, server = serve("python:more_games:Parent", envs=1)
    (games / "always").write_text("step")
    for _ in range(2):  # the place is free again
        with grpc.insecure_channel(address, [("grpc.default_authority", "localhost")]) as channel:
            requests = [v1.PlayGamesRequest(open=v1.OpenGames(n_envs=1)), v1.PlayGamesRequest(reset=v1.ResetGames(seeds=[1])),
                        v1.PlayGamesRequest(step=v1.StepGames(actions=[0]))]
            with pytest.raises(grpc.RpcError) as error:
                list(channel.stream_stream(METHOD)((each.SerializeToString() for each in requests), timeout=30))
            assert error.value.code() == grpc.StatusCode.ABORTED and "it ended with status 3" in error.value.details()
            child = re.search("started ([0-9]+)", error.value.details())[1]
            assert not pathlib.Path(f"/proc/{child}/cmdline").exists() or not pathlib.Path(f"/proc/{child}/cmdline").read_bytes()


def test_a_stream_that_says_nothing_keeps_nobodys_place(serve):
    address, _ = serve()
    with grpc.insecure_channel(address, [("grpc.default_authority", "localhost")]) as channel:
        silence = threading.Event()
        with pytest.raises(grpc.RpcError) as error:
            list(channel.stream_stream(METHOD)(iter(lambda: silence.wait(60) and None, None), timeout=30))
        assert error.value.code() == grpc.StatusCode.CANCELLED
        silence.set()


def test_modules_of_the_working_folder_are_found(games, monkeypatch):  # noqa: F811
    monkeypatch.delenv("PYTHONPATH")
    for command in ("describe", "serve"):
        process = subprocess.Popen([WORKER, command, "python:own_games:fragile", *(["--address", f"unix:{games}/here"] if command == "serve" else [])],
                                   cwd=games, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert "python:own_games:fragile" in process.stdout.readline()
        process.terminate()
        process.wait(60)


def test_the_games_of_a_daemon_that_was_killed_are_given_back(tmp_path, serve):
    address, _ = serve(envs=3)
    config = configuration(tmp_path, remote(address, n_envs=3, workers=2))
    process = training(config, "train.total_env_steps=100000000")
    wait_until_it_trains(process, tmp_path / "run")
    process.kill()
    process.wait()
    end = time.monotonic() + 60
    while (done := dqnd("train", config, "train.total_env_steps=100000000", "run.max_wall_time=1s")).returncode != 75:
        assert "are left" in done.stderr and time.monotonic() < end, done.stderr
        time.sleep(0.1)


def test_arguments_and_wrappers_are_those_of_the_one_who_serves(tmp_path, serve, games):  # noqa: F811
    (games / "more_games.py").write_text(
        "import gymnasium\n\nclass Slow(gymnasium.Wrapper):\n    def __init__(self, env, factor):\n        super().__init__(env)\n"
        "        self.factor = factor\n    def step(self, action):\n        o, r, *rest = self.env.step(action)\n"
        "        return o, r * self.factor, *rest\n")
    address, _ = serve("gymnasium:CartPole-v1", "--wrappers", '[{"more_games:Slow": {"factor": 3}}]')
    actions = games / "actions"
    actions.write_text("0\n1\n")
    done = dqnd("trace", configuration(games, remote(address)), "--seed", "1", "--actions", actions)
    assert done.stdout.count('"reward": 3') == 2, done.stdout + done.stderr
    done = refused(games, remote(address, arguments={"a": 1}))
    assert done.returncode == 2 and "applies to gymnasium:* and python:* only" in done.stderr


@pytest.mark.parametrize(("messages", "code"), [
    ([b"\xff\xff\xff"], grpc.StatusCode.INVALID_ARGUMENT),
    ([], None),
    ([v1.PlayGamesRequest(open=v1.OpenGames(n_envs=1)).SerializeToString(), b"\xff\xff"], grpc.StatusCode.ABORTED),
])
def test_malformed_requests_harm_nobody(serve, messages, code):
    address, server = serve(envs=1)
    with grpc.insecure_channel(address, [("grpc.default_authority", "localhost")]) as channel:
        for _ in range(3):
            call = channel.stream_stream(METHOD)(iter(messages))
            if code is None:
                assert v1.PlayGamesResponse.FromString(next(call)).failed.is_final
                continue
            with pytest.raises(grpc.RpcError) as error:
                list(call)
            assert error.value.code() == code
    assert server.poll() is None


@pytest.mark.parametrize(("arguments", "said"), [
    (["gymnasium:Pendulum-v1"], "continuous"),
    (["gymnasium:CartPole-v1", "--wrappers", '["NoSuchWrapper"]'], 'no "NoSuchWrapper"'),
    (["gymnasium:CartPole-v1", "--address", "unix:relative"], "absolute"),
    (["gymnasium:CartPole-v1", "--address", "localhost"], "is no address"),
    (["gymnasium:CartPole-v1", "--address", "::1:0"], "is no address"),
    (["gymnasium:CartPole-v1", "--address", "unix:/etc/passwd"], "no socket"),
    (["gymnasium:CartPole-v1", "--envs", "0"], "at least 1"),
])
def test_what_cannot_be_served_is_said_in_a_line(tmp_path, arguments, said):
    done = subprocess.run([WORKER, "serve", *arguments, "--access", tmp_path / "access"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and said in done.stderr.splitlines()[-1]


def test_an_address_that_is_taken_is_said(tmp_path, serve):
    for address in ("127.0.0.1:0", f"unix:{tmp_path}/games"):
        taken, _ = serve(address=address)
        done = subprocess.run([WORKER, "serve", "gymnasium:CartPole-v1", "--address", taken, "--access", tmp_path / "access"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 2, done.stderr
        assert re.search("somebody listens|[Ff]ailed to (bind|add)", done.stderr)


