"""Any Gymnasium environment trains without a line of code: `environment.id: gymnasium:ID`, played by worker
processes of the package in env_bridge/python."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest
from dqnd_support import PROGRAM, dqnd, newest_checkpoint
from trace_support import trace

WORKER = pathlib.Path(sys.executable).parent / "dqnd-env"

# Environments of our own, which workers import.
GAMES = '''
import os, pathlib, time
import gymnasium, numpy as np
from gymnasium import spaces

class Fragile(gymnasium.Env):
    """Ends after 20 env_steps. Beside this file `fault` says how one env_step goes wrong, and `always` whether all
    of them or the resets end the worker."""
    observation_space = spaces.Box(-1, 1, (3,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.fail("reset")
        self.left = 20
        return self.np_random.uniform(-1, 1, 3).astype(np.float32), {}

    def step(self, action):
        self.fail("step")
        self.left -= 1
        observation = self.np_random.uniform(-1, 1, 3).astype(np.float32)
        reward = float(action)
        if self.fault == "nan": observation[0] = np.nan
        if self.fault == "shape": observation = observation[:2]
        if self.fault == "reward": reward = float("inf")
        return observation, reward, self.left == 0, False, {}

    def fail(self, where):
        folder = pathlib.Path(__file__).parent
        self.fault = ""
        if (folder / "always").exists():
            if (folder / "always").read_text() == where: os._exit(3)
            return
        if where == "reset": return
        try:  # one worker has it, once
            claimed = (folder / "fault").rename(folder / f"fault-{os.getpid()}")
        except FileNotFoundError:
            return
        self.fault = claimed.read_text()
        if self.fault == "die": os._exit(3)
        if self.fault == "hang": time.sleep(1000)
        if self.fault == "raise": raise RuntimeError("the simulator is upset")

def fragile():
    return Fragile()

class MinAtar(gymnasium.Env):
    def __init__(self, name):
        import minatar
        self.game = minatar.Environment(name)
        self.observation_space = spaces.Box(0, 1, self.game.state_shape(), np.bool_)
        self.action_space = spaces.Discrete(6)

    def reset(self, seed=None, options=None):
        if seed is not None: self.game.seed(seed)
        self.game.reset()
        return self.game.state(), {}

    def step(self, action):
        reward, terminated = self.game.act(action)
        return self.game.state(), reward, terminated, False, {}
'''

RUN = {
    "network": {"architecture": "mlp", "hidden_sizes": [16]},
    "replay": {"buffer_size": 2000},
    "train": {"total_env_steps": 1200, "learning_starts": 100, "target_update_interval": 100},
    "optimizer": {"name": "adam", "learning_rate": 1e-3},
    "evaluation": {"every_env_steps": 0},
    "checkpoint": {"every_env_steps": 400},
    "metrics": {"every_env_steps": 400},
    "server": {"listen": None},
}


def configuration(folder, environment):
    config = dict(RUN, run={"name": "run", "directory": str(folder)},
                  environment=dict({"worker": str(WORKER), "workers": 2}, **environment))
    path = pathlib.Path(folder) / "config.yaml"
    path.write_text(json.dumps(config))
    return path


@pytest.fixture
def games(tmp_path, monkeypatch):
    """A folder with the module `own_games`, which workers find."""
    (tmp_path / "own_games.py").write_text(GAMES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def wait_until_it_trains(process, run):
    end = time.monotonic() + 60
    while not any((run / "checkpoints").glob("*/manifest.json")):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)


def workers_at_play(process, run):
    """The ids of a run's workers, once it has trained for a while: those that were asked for the plan are gone then."""
    wait_until_it_trains(process, run)
    return pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def digest(run):
    return json.dumps(newest_checkpoint(run)["digest"])


def train_to_the_same_bits(folder, n_envs, environments):
    """Trains a run of each, in folders of their own."""
    digests = set()
    for name, environment in environments.items():
        (folder / name).mkdir()
        done = dqnd("train", configuration(folder / name, {"n_envs": n_envs, **environment}))
        assert done.returncode == 0, done.stderr
        digests.add(digest(folder / name / "run"))
    assert len(digests) == 1


def test_cartpole_is_the_same_natively_and_in_a_worker():
    actions = [int(i * i % 7 < 3) for i in range(600)]
    native, worker = (trace({"environment": environment}, 5, actions, resets=True) for environment in
                      ({"id": "classic:cartpole"}, {"id": "gymnasium:CartPole-v1", "worker": str(WORKER)}))
    assert worker == native
    assert sum(1 for line in native if line.get("terminated")) > 10


def test_pong_is_the_same_natively_and_in_a_worker():
    actions = [(i // 5) * 7 % 6 for i in range(1200)]
    native, worker = (trace({"environment": environment}, 5, actions, resets=True) for environment in
                      ({"id": "ale:pong", "noop_max": 0, "frame_stack": 1},
                       {"id": "gymnasium:ALE/Pong-v5", "arguments": {"frameskip": 1, "repeat_action_probability": 0},
                        "wrappers": [{"AtariPreprocessing": {"noop_max": 0}}], "worker": str(WORKER)}))
    native = [{key: value for key, value in line.items() if key in worker[0] or key in worker[-1]} for line in native]
    assert worker == native
    assert sum(line.get("reward", 0) for line in native) <= -10


@pytest.mark.parametrize("game", ["breakout", "seaquest"])
def test_minatar_is_the_same_natively_and_in_a_worker(games, game):
    actions = [(i * i // 3) % 6 for i in range(1500)]
    native, worker = (trace({"environment": environment}, 5, actions, resets=True) for environment in
                      ({"id": f"minatar:{game}"},
                       {"id": "python:own_games:MinAtar", "arguments": json.dumps({"name": game}), "worker": str(WORKER)}))
    assert worker == [{key: line[key] for key in worker_line} for line, worker_line in zip(native, worker, strict=True)]
    assert sum(1 for line in native if line.get("terminated")) > 3


def test_a_run_ends_with_the_same_bits_natively_and_with_any_number_of_workers(games):
    train_to_the_same_bits(games, 6, {"native": {"id": "classic:cartpole"},
                                      "one": {"id": "gymnasium:CartPole-v1", "workers": 1},
                                      "three": {"id": "gymnasium:CartPole-v1", "workers": 3}})


def test_a_run_of_minatar_ends_with_the_same_bits_natively_and_in_a_worker(games):
    """Whose generator takes seeds below 2^32 alone."""
    train_to_the_same_bits(games, 2, {"native": {"id": "minatar:breakout"},
                                      "worker": {"id": "python:own_games:MinAtar", "arguments": {"name": "breakout"}}})


def test_an_interrupted_run_ends_with_the_bits_of_one_that_never_was(games):
    config = configuration(games, {"id": "gymnasium:CartPole-v1", "n_envs": 2})
    for total in (700, 1200):  # the second in the middle of episodes
        assert dqnd("train", config, f"train.total_env_steps={total}").returncode == 0
    assert dqnd("train", config, "run.name=whole").returncode == 0
    assert digest(games / "run") == digest(games / "whole")


def test_games_that_cannot_be_saved_go_on_with_new_episodes_and_it_is_said(games):
    config = configuration(games, {"id": "python:own_games:fragile"})
    plan = dqnd("plan", config).stdout
    assert "goes on with new episodes" in plan
    assert float(re.search(r"environment workers +([0-9.]+) MiB  1 processes and one", plan)[1]) > 40
    for total in (705, 1200):
        assert dqnd("train", config, f"train.total_env_steps={total}").returncode == 0
    assert "cannot save its games" in (games / "run" / "dqnd.log").read_text()
    inspected = newest_checkpoint(games / "run")
    assert inspected["digest"]["transitions"] == 1199, "one env_step was lost"


@pytest.mark.parametrize(("fault", "said"), [
    ("die", "it ended with status 3"),
    ("hang", "it did not answer in time"),
    ("raise", "RuntimeError: the simulator is upset"),
    ("nan", "not finite"),
    ("shape", "shape [2] came, not [3]"),
    ("reward", "a reward of inf came"),
])
def test_a_worker_that_fails_is_replaced_and_the_run_goes_on(games, fault, said):
    config = configuration(games, {"id": "python:own_games:fragile", "n_envs": 2,
                                    "worker_deadline_seconds": 10 if fault == "hang" else 60})
    process = subprocess.Popen([PROGRAM, "train", config, "train.total_env_steps=20000"], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    log = games / "run" / "dqnd.log"
    workers_at_play(process, games / "run")
    (games / "fault.part").write_text(fault)
    (games / "fault.part").rename(games / "fault")
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
    text = log.read_text()
    assert said in text and "a new one goes on, with new episodes" in text
    assert len(re.findall("is lost", text)) == 1


def test_an_evaluation_whose_worker_dies_is_played_again(games):
    config = configuration(games, {"id": "python:own_games:fragile"})
    assert dqnd("train", config).returncode == 0
    arguments = ("evaluate", games / "run", "--episodes", 5, "--eps", 0.5, "--json")
    whole = json.loads(dqnd(*arguments).stdout)
    (games / "fault").write_text("die")
    disturbed = dqnd(*arguments)
    assert "in an evaluation: a worker of" in disturbed.stderr and "it ended with status 3" in disturbed.stderr
    assert json.loads(disturbed.stdout) == whole
    assert whole["lengths"] == [20] * 5


def test_an_evaluation_that_cannot_be_played_ends_the_run_with_a_checkpoint(games):
    config = configuration(games, {"id": "python:own_games:fragile", "worker_deadline_seconds": 60})
    process = subprocess.Popen([PROGRAM, "train", config, "train.total_env_steps=100000000", "evaluation.every_env_steps=3000",
                                "checkpoint.every_env_steps=1000000"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    log = games / "run" / "dqnd.log"
    end = time.monotonic() + 60
    while not log.exists() or "evaluation 1 at" not in log.read_text():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    # The workers that train are there; no new one will be.
    (games / "own_games.py").rename(games / "away.py")
    assert process.wait(60) == 1
    assert "No module named 'own_games'" in process.stderr.read()
    inspected = json.loads(dqnd("inspect", games / "run", "--json").stdout)[0]
    assert inspected["env_steps"] % 3000 == 0, "there is a checkpoint of where it ended"
    (games / "away.py").rename(games / "own_games.py")
    done = dqnd("train", config, "train.total_env_steps=100000000", "evaluation.every_env_steps=3000", "run.max_wall_time=2s")
    assert done.returncode == 75, done.stderr


def test_a_run_stops_in_time_although_a_worker_hangs(games):
    config = configuration(games, {"id": "python:own_games:fragile", "n_envs": 2})
    process = subprocess.Popen([PROGRAM, "train", config, "train.total_env_steps=100000000"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    workers_at_play(process, games / "run")
    (games / "fault").write_text("hang")
    while (games / "fault").exists():
        time.sleep(0.02)
    process.terminate()
    assert process.wait(9) == 75
    assert dqnd("inspect", games / "run").returncode == 0


@pytest.mark.parametrize("where", ["step", "reset"])
def test_a_worker_that_keeps_dying_stops_the_run_which_goes_on_once_it_can(games, where):
    config = configuration(games, {"id": "python:own_games:fragile"})
    assert dqnd("train", config).returncode == 0
    (games / "always").write_text(where)
    done = dqnd("train", config, "train.total_env_steps=2000")
    assert done.returncode == 1, done.stderr
    assert "it ended with status 3" in done.stderr
    (games / "always").unlink()
    done = dqnd("train", config, "train.total_env_steps=2000")
    assert done.returncode == 0, done.stderr


def test_a_killed_worker_is_replaced(games):
    config = configuration(games, {"id": "python:own_games:fragile", "n_envs": 2})
    process = subprocess.Popen([PROGRAM, "train", config, "train.total_env_steps=20000"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    children = workers_at_play(process, games / "run")
    os.kill(int(children[0]), signal.SIGKILL)
    assert process.wait(timeout=120) == 0
    assert "it was ended by signal 9" in (games / "run" / "dqnd.log").read_text()


def test_no_worker_outlives_the_daemon(games):
    config = configuration(games, {"id": "python:own_games:fragile", "n_envs": 2})
    process = subprocess.Popen([PROGRAM, "train", config, "train.total_env_steps=10000000"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children = workers_at_play(process, games / "run")
    assert len(children) == 2
    process.kill()
    process.wait()
    end = time.monotonic() + 60
    while time.monotonic() < end and any(pathlib.Path(f"/proc/{child}").exists() for child in children):
        time.sleep(0.02)
    assert not any(pathlib.Path(f"/proc/{child}/cmdline").exists()
                   and pathlib.Path(f"/proc/{child}/cmdline").read_bytes() for child in children)


@pytest.mark.parametrize(("environment", "said"), [
    ({"id": "gymnasium:Pendulum-v1"}, "continuous"),
    ({"id": "gymnasium:CartPole-v7"}, "cannot be made"),
    ({"id": "gymnasium:CartPole-v1", "arguments": "{'a': 1}"}, "arguments"),
    ({"id": "gymnasium:CartPole-v1", "worker": "/nowhere/dqnd-env"}, "pip install"),
    ({"id": "gymnasium:CartPole-v1", "frame_skip": 2}, "applies to ale:* only"),
    ({"id": "gymnasium:CartPole-v1", "arguments": 7}, "must be a mapping or a list"),
    ({"id": "gymnasium:CartPole-v1", "wrappers": ["ResizeObservations"]}, "did you mean ResizeObservation?"),
    ({"id": "classic:cartpole", "arguments": {"a": 1}}, "applies to gymnasium:* and python:* only"),
    ({"id": "classic:cartpole", "wrappers": ["Autoreset"]}, "applies to gymnasium:* and python:* only"),
])
def test_what_cannot_be_played_is_said_in_a_line_before_anything_is_made(tmp_path, environment, said):
    done = dqnd("train", configuration(tmp_path, environment))
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run" / "checkpoints").exists()
