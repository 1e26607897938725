"""It learns: short runs of the configurations that ship, as a user would start them. The long runs are in
docs/learning.md."""

import json
import pathlib

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


def test_minatar_breakout_scores_several_times_what_random_play_does(tmp_path):
    # A random policy scores 0.5.
    score = best_score(tmp_path, "quickstart.yaml", "train.total_env_steps=40000", "exploration.decay_env_steps=15000",
                       "evaluation.every_env_steps=10000")
    assert score > 2
