"""It learns: short runs of the configurations that ship, as a user would start them. The long runs are in
docs/learning.md."""

import json
import pathlib

import pytest
from dqnd_support import dqnd

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / "configs"


def best_score(tmp_path, config, *overrides, episodes=100):
    """Mean return of the best evaluation's network over fresh episodes."""
    done = dqnd("train", CONFIGS / config, f"run.directory={tmp_path}", "run.name=learning", "server.listen=127.0.0.1:0", *overrides)
    assert done.returncode == 0, done.stderr
    return json.loads(dqnd("evaluate", tmp_path / "learning", "--episodes", episodes, "--json").stdout)["mean_reward"]


def test_cartpole_balances_several_times_longer_than_at_random(tmp_path):
    # A random policy keeps the pole up for 22 env_steps.
    assert best_score(tmp_path, "classic/cartpole.yaml", "train.total_env_steps=20000") > 150


@pytest.mark.parametrize("backend", ["binary_connect", "bnn", "xnor_net"])
def test_cartpole_with_each_binarized_backend_balances_twice_as_long_as_at_random(tmp_path, backend):
    # These settings suit float layers, which reach 500; seed 1 got 73, 135 and 426.
    assert best_score(tmp_path, "classic/cartpole.yaml", "train.total_env_steps=20000", "train.threads=1",
                      "evaluation.every_env_steps=4000", f"network.backend={backend}") > 45


def test_minatar_breakout_scores_several_times_what_random_play_does(tmp_path):
    # A random policy scores 0.5.
    score = best_score(tmp_path, "quickstart.yaml", "train.total_env_steps=40000", "exploration.decay_env_steps=15000",
                       "evaluation.every_env_steps=10000")
    assert score > 2


@pytest.mark.parametrize("backend", ["binary_connect", "bnn", "xnor_net"])
def test_each_binarized_backend_learns_catch_and_packs_to_the_same_decisions(tmp_path, backend):
    # 1 is every ball caught; a policy that plays at random drops most of them.
    assert best_score(tmp_path, "catch.yaml", "train.total_env_steps=8000", "train.threads=1",
                      f"network.backend={backend}") > 0.9
    exported = dqnd("export", tmp_path / "learning", "--format=packed", "--output", tmp_path / "agent.dqnp")
    if backend == "binary_connect":
        assert exported.returncode == 2 and "only bnn and xnor_net" in exported.stderr
        return
    verified = dqnd("verify", tmp_path / "learning", tmp_path / "agent.dqnp", "--states", "2000", "--json")
    counts = json.loads(verified.stdout)
    assert verified.returncode == 0 and counts["equal"] and counts["sums"] > 0, verified.stdout
    # Another network of the same shape is told apart.
    assert dqnd("train", CONFIGS / "catch.yaml", f"run.directory={tmp_path}", "run.name=other", "run.seed=2",
                "train.total_env_steps=1000", f"network.backend={backend}", "server.listen=~").returncode == 0
    other = dqnd("verify", tmp_path / "other", tmp_path / "agent.dqnp", "--states", "100", "--json")
    assert other.returncode == 1 and not json.loads(other.stdout)["equal"]


def test_a_binarized_student_learns_from_a_float_teacher(tmp_path):
    train = ["train", CONFIGS / "catch.yaml", f"run.directory={tmp_path}", "server.listen=~", "train.threads=1"]
    assert dqnd(*train, "run.name=teacher", "train.total_env_steps=8000").returncode == 0
    assert best_score(tmp_path, "catch.yaml", "train.threads=1", "train.total_env_steps=2000", "network.backend=bnn",
                      "evaluation.every_env_steps=500", f"train.teacher={tmp_path / 'teacher'}") > 0.9
    missing = dqnd(*train, "run.name=other", f"train.teacher={tmp_path / 'nobody'}")
    assert missing.returncode == 2 and "nobody does not exist" in missing.stderr
