"""Networks that dqnd trained play in Python: env_bridge/python/examples/play_in_torch.py plays the original games with
the actions of `dqnd evaluate`."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest
from dqnd_support import dqnd

# ctest says where the torch lies that LibTorch came with.
TORCH = {**os.environ, "PYTHONPATH": os.environ.get("DQND_TORCH_PACKAGES", "")}
EXAMPLE = pathlib.Path(__file__).parents[2] / "env_bridge/python/examples/play_in_torch.py"

RUN = """
run: {{name: run, directory: {folder}}}
environment: {environment}
network: {network}
replay: {{buffer_size: 10000}}
train: {{total_env_steps: {env_steps}, learning_starts: 500, target_update_interval: 250}}
optimizer: {{name: adam, learning_rate: {learning_rate}}}
exploration: {{decay_env_steps: 2000}}
evaluation: {{every_env_steps: {env_steps}, episodes: 2}}
server: {{listen: ~}}
"""


@pytest.mark.skipif(
    not (pathlib.Path(TORCH["PYTHONPATH"]) / "torch" / "__init__.py").exists() and not importlib.util.find_spec("torch"),
    reason="a LibTorch without Python")
@pytest.mark.parametrize(("environment", "network", "env_steps", "learning_rate", "episodes"), [
    ({"id": "classic:cartpole"}, {"architecture": "mlp", "hidden_sizes": [64, 64]}, 6000, 1e-3, 10),
    ({"id": "minatar:breakout"}, {"architecture": "minatar_cnn"}, 4000, 1e-3, 10),
    ({"id": "ale:pong", "noop_max": 0}, {"architecture": "nature_cnn"}, 520, 1e-6, 1),
])
def test_torch_plays_the_same_game_with_equal_actions(tmp_path, environment, network, env_steps, learning_rate, episodes):
    config = tmp_path / "run.yaml"
    config.write_text(RUN.format(folder=tmp_path, environment=json.dumps(environment), network=json.dumps(network), env_steps=env_steps,
                                 learning_rate=f"{learning_rate:.7f}"))
    done = dqnd("train", config)
    assert done.returncode == 0, done.stderr
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    done = dqnd("evaluate", tmp_path / "run", "--episodes", episodes, "--eps", 0, "--actions", ours, "--json")
    assert done.returncode == 0, done.stderr
    evaluated = json.loads(done.stdout)
    example = subprocess.run(
        [sys.executable, EXAMPLE, tmp_path / "run" / "best" / "network.safetensors", environment["id"], "--episodes", str(episodes),
         "--seed", str(evaluated["environment_seed"]), "--actions", theirs], capture_output=True, text=True, timeout=600, env=TORCH)
    assert example.returncode == 0, example.stderr
    actions = ours.read_text().split()
    assert theirs.read_text().split() == actions
    assert len(actions) == sum(evaluated["lengths"]) > 50
    assert len(set(actions)) > 1, "a network that always does the same shows little"
    assert f"mean return {evaluated['mean_reward']:.2f} " in example.stdout
