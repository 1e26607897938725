"""The files that dqnd writes, read by what people read them with: TensorBoard and a CSV reader."""

import csv
import glob
import os
import subprocess

import pytest
from tensorboard.backend.event_processing import event_accumulator, event_file_loader

WRITER = os.path.join(os.environ["DQND_BIN"], "write_sample_metrics")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    subprocess.run([WRITER, str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def accumulator(run_folder):
    accumulator = event_accumulator.EventAccumulator(str(run_folder))
    accumulator.Reload()
    return accumulator


def read_csv(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def event_files(run_folder):
    return sorted(glob.glob(str(run_folder / "events.out.tfevents.*")))


def test_tensorboard_finds_every_tag(accumulator):
    assert set(accumulator.Tags()["scalars"]) == {
        "rollout/ep_rew_mean",
        "train/loss",
        "time/total_timesteps",
        "time/time_elapsed",
        "eval/mean_reward",
        "eval/std_reward",
        "eval/mean_ep_length",
    }


def test_tensorboard_shows_a_resumed_run_as_one_curve(accumulator):
    curve = [(event.step, event.value) for event in accumulator.Scalars("rollout/ep_rew_mean")]
    assert curve == [(1000, 1), (2000, 2), (3000, 3), (4000, 4.5), (5000, 5.5), (6000, 6.5)]


def test_tensorboard_sees_no_value_where_none_was_known(accumulator):
    losses = {event.step: event.value for event in accumulator.Scalars("train/loss")}
    assert list(losses) == [2000, 3000, 4000, 5000, 6000]
    assert losses[3000] == pytest.approx(1 / 3, rel=1e-7)


def test_tensorboard_sees_the_evaluation(accumulator):
    [event] = accumulator.Scalars("eval/mean_reward")
    assert (event.step, event.value, event.wall_time) == (6000, 7.25, 1.7e9 + 110)


def test_each_event_file_opens_with_version_and_clock(run_folder):
    first, second = event_files(run_folder)
    events = list(event_file_loader.EventFileLoader(first).Load())
    assert events[0].file_version == "brain.Event:2"
    assert events[0].wall_time == 1.7e9
    assert [event.step for event in events[1:]] == [1000, 2000, 3000, 4000, 5000]
    events = list(event_file_loader.EventFileLoader(second).Load())
    assert events[0].file_version == "brain.Event:2"
    assert events[1].session_log.status == events[1].session_log.START


def test_a_torn_last_record_hides_nothing_before_it(run_folder, tmp_path):
    first, _ = event_files(run_folder)
    whole = list(event_file_loader.EventFileLoader(first).Load())
    torn = tmp_path / os.path.basename(first)
    with open(first, "rb") as source:
        torn.write_bytes(source.read()[:-3])
    steps = [event.step for event in event_file_loader.EventFileLoader(str(torn)).Load()]
    assert steps == [event.step for event in whole if event.step < 5000]


def test_progress_csv_reads_back(run_folder):
    rows = read_csv(run_folder / "progress.csv")
    assert list(rows[0])[0] == "time/total_timesteps"
    assert [int(row["time/total_timesteps"]) for row in rows] == [
        1000, 2000, 3000, 4000, 5000, 4000, 5000, 6000, 6000,
    ]  # fmt: skip
    assert rows[0]["train/loss"] == ""
    assert float(rows[2]["train/loss"]) == 1 / 3
    assert float(rows[-1]["eval/mean_reward"]) == 7.25


def test_evaluations_csv_reads_back(run_folder):
    [row] = read_csv(run_folder / "evaluations.csv")
    assert {name: float(value) for name, value in row.items()} == {
        "env_steps": 6000,
        "mean_reward": 7.25,
        "std_reward": 0.5,
        "mean_ep_length": 80,
        "episodes": 10,
    }
