"""A whole run through the program, and the files it leaves, opened by those who read them."""

import csv
import json
import re
import signal
import subprocess
import urllib.request

import numpy as np
import pytest
from dqnd_support import PROGRAM, dqnd, small_config
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The run directory of a finished small run, and what the program printed."""
    folder = tmp_path_factory.mktemp("runs")
    done = dqnd("train", small_config(folder))
    assert done.returncode == 0, done.stderr
    return folder / "small", done.stdout


def test_the_program_says_what_it_reached_and_how_to_look_at_it(finished):
    run, output = finished
    assert "complete: 3000 env_steps and 2801 updates" in output
    assert f"dqnd evaluate {run}" in output
    assert "tensorboard --logdir" in output


def test_a_terminal_is_not_needed_and_lines_are_plain(finished):
    _, output = finished
    assert "\x1b" not in output
    assert "env_steps 3000/3000 (100 %)" in output


def test_tensorboard_reads_the_event_file_under_stable_baselines3s_tags(finished):
    run, _ = finished
    events = EventAccumulator(str(run))
    events.Reload()
    assert {
        "rollout/ep_rew_mean", "rollout/ep_len_mean", "rollout/exploration_rate", "time/fps",
        "train/loss", "train/learning_rate", "train/n_updates", "eval/mean_reward", "eval/mean_ep_length",
    } <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("rollout/ep_rew_mean")] == [500, 1000, 1500, 2000, 2500, 3000]
    assert [event.step for event in events.Scalars("eval/mean_reward")] == [1000, 2000, 3000]


def test_the_csv_files_hold_the_same_numbers(finished):
    run, _ = finished
    progress = list(csv.DictReader((run / "progress.csv").open()))
    rows = [row for row in progress if row["train/n_updates"]]
    assert [int(row["time/total_timesteps"]) for row in rows] == [500, 1000, 1500, 2000, 2500, 3000]
    assert float(rows[-1]["rollout/ep_len_mean"]) == 9
    evaluations = list(csv.DictReader((run / "evaluations.csv").open()))
    assert len(evaluations) == 3


def test_checkpoints_and_the_best_network_are_safetensors_of_the_networks_state_dict(finished):
    run, _ = finished
    names = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert names == ["000000001000", "000000002000", "000000003000"]
    shapes = {name: tensor.shape for name, tensor in load_file(run / "checkpoints/000000003000/network.safetensors").items()}
    assert shapes == {
        "fc1.weight": (32, 50), "fc1.bias": (32,), "output.weight": (3, 32), "output.bias": (3,),
    }
    assert (run / "best/network.safetensors").exists()


def test_a_saved_network_played_in_numpy_chooses_as_dqnd_does(finished):
    """Catch from the safetensors file alone: the paddle catches nearly every ball."""
    run, _ = finished
    net = load_file(run / "best/network.safetensors")
    random = np.random.default_rng(1)
    caught = 0
    for _ in range(200):
        ball, paddle = random.integers(5), 2
        for row in range(9):
            board = np.zeros((10, 5), np.float32)
            board[row, ball] = 1
            board[9, paddle] = 1
            hidden = np.maximum(net["fc1.weight"] @ board.ravel() + net["fc1.bias"], 0)
            paddle = np.clip(paddle + np.argmax(net["output.weight"] @ hidden + net["output.bias"]) - 1, 0, 4)
        caught += ball == paddle
    assert caught > 180


def test_evaluate_plays_the_best_network_and_repeats_itself(finished):
    run, _ = finished
    first, second = (dqnd("evaluate", run, "--episodes", 50, "--json") for _ in range(2))
    assert first.returncode == 0, first.stderr
    result = json.loads(first.stdout)
    assert result["mean_reward"] > 0.8 and result["episodes"] == 50
    assert first.stdout == second.stdout
    other = json.loads(dqnd("evaluate", run, "--episodes", 50, "--json", "--seed", 5, "--eps", 0.5).stdout)
    assert other["mean_reward"] < result["mean_reward"]


def test_the_same_configuration_trains_to_the_same_bits(finished, tmp_path):
    run, _ = finished
    assert dqnd("train", small_config(tmp_path)).returncode == 0
    name = "checkpoints/000000003000/network.safetensors"
    assert (tmp_path / "small" / name).read_bytes() == (run / name).read_bytes()


def test_the_resolved_configuration_describes_the_same_run(finished, tmp_path):
    run, _ = finished
    done = dqnd("plan", run / "config.yaml")
    assert done.returncode == 0
    assert "replay memory" in done.stdout


def test_a_finished_run_is_not_trained_again(finished):
    run, _ = finished
    done = dqnd("train", run / "config.yaml")
    assert done.returncode == 0
    assert "is complete" in done.stdout


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_with_a_checkpoint_and_the_status_start_me_again(tmp_path, sent):
    config = small_config(tmp_path)
    process = subprocess.Popen(
        [PROGRAM, "train", config, "train.total_env_steps=100000000", "checkpoint.every_env_steps=0"],
        stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "env_steps 500/" in line:
            break
    process.send_signal(sent)
    output = process.communicate(timeout=30)[0]
    assert process.returncode == 75
    assert "stopped by a signal" in output
    assert len(list((tmp_path / "small/checkpoints").glob("*/network.safetensors"))) == 1


def test_divergence_ends_the_run_with_status_1_naming_update_and_last_checkpoint(tmp_path):
    done = dqnd("train", small_config(tmp_path), "optimizer.learning_rate=1e30", "train.loss=squared")
    assert done.returncode == 1
    assert "diverged at update" in done.stderr
    assert "last good checkpoint is none" in done.stderr
    assert not list((tmp_path / "small").rglob("*.safetensors"))


def test_prometheus_is_served_when_asked(tmp_path):
    process = subprocess.Popen(
        [PROGRAM, "train", small_config(tmp_path), "train.total_env_steps=100000000", "metrics.prometheus=127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True)
    try:
        port = None
        for line in process.stdout:
            if "Prometheus may read port" in line:
                port = int(re.search(r"port (\d+)", line).group(1))
            if "env_steps 1000/" in line:
                break
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert "dqnd_rollout_ep_rew_mean" in text
