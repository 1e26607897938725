"""Runs that are stopped, moved, damaged and continued through the program, as a user meets them."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest
import xxhash
from dqnd_support import PROGRAM, dqnd, newest_checkpoint, small_config

LONG = ["train.total_env_steps=100000000"]
# The same, for a second.
BRIEF = [*LONG, "run.max_wall_time=1s"]


def start(*arguments):
    return subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(process, text):
    """Reads what the process prints until `text` comes; what was printed so far."""
    printed = ""
    for line in process.stdout:
        printed += line
        if text in line:
            return printed
    raise AssertionError(f"{text!r} never came:\n{printed}")


def newest(run):
    return max(path for path in (run / "checkpoints").iterdir() if (path / "manifest.json").exists())


def env_steps(run):
    return json.loads((newest(run) / "manifest.json").read_text())["env_steps"]


@pytest.fixture
def stopped(tmp_path):
    """Configuration and run directory of a run that was stopped, with at least three checkpoints."""
    config = small_config(tmp_path)
    process = start("train", config, *LONG)
    wait_for(process, "checkpoint 4000 is complete")
    process.terminate()
    assert process.wait(timeout=20) == 75
    return config, tmp_path / "small"


# --- stopping


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_prints_the_line_that_goes_on_with_it(tmp_path, sent):
    config = small_config(tmp_path)
    process = start("train", config, *LONG, "run.name=it's here")
    wait_for(process, "env_steps 1500/")
    process.send_signal(sent)
    output = process.communicate(timeout=20)[0]
    assert process.returncode == 75
    line = re.search(r"go on: +(.*)", output).group(1)
    went_on = subprocess.Popen(line, shell=True, stdout=subprocess.PIPE, text=True)
    printed = wait_for(went_on, "resumed from checkpoint")
    at = int(re.search(r"at env_step (\d+)", printed).group(1))
    assert at >= 1500
    os.kill(went_on.pid, signal.SIGKILL)  # the shell became dqnd, or is its parent
    subprocess.run(["pkill", "-9", "-P", str(went_on.pid)], check=False)
    went_on.wait()


def test_a_stop_in_the_middle_of_an_evaluation_comes_at_once(tmp_path):
    config = small_config(tmp_path)
    process = start("train", config, *LONG, "evaluation.episodes=1000000")
    wait_for(process, "env_steps 1000/")  # the evaluation at 1000 begins now, and lasts for minutes
    time.sleep(0.5)
    begun = time.monotonic()
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 75
    assert time.monotonic() - begun < 8
    assert env_steps(tmp_path / "small") == 1000


def test_max_wall_time_stops_the_run_by_itself_with_a_checkpoint(tmp_path):
    config = small_config(tmp_path)
    begun = time.monotonic()
    done = dqnd("train", config, *LONG, "run.max_wall_time=12s")
    assert time.monotonic() - begun < 12
    assert done.returncode == 75
    assert "stopped by run.max_wall_time" in done.stdout
    assert "go on:" in done.stdout
    assert env_steps(tmp_path / "small") > 1000


# --- going on


def test_a_run_directory_that_was_copied_elsewhere_goes_on(stopped, tmp_path):
    config, run = stopped
    there = tmp_path / "elsewhere"
    shutil.copytree(run, there / "small")
    shutil.rmtree(run)
    at = env_steps(there / "small")
    done = dqnd("train", config, f"run.directory={there}", *BRIEF)
    assert done.returncode == 75, done.stderr
    assert f"at env_step {at}" in done.stdout
    assert "bits may differ" not in done.stdout


def test_other_result_keys_need_allow_changes_and_are_recorded(stopped):
    config, run = stopped
    at = env_steps(run)
    refused = dqnd("train", config, "train.gamma=0.5", *LONG)
    assert refused.returncode == 2
    assert "train.gamma: 0.5 here, 0.99 there" in refused.stderr and "--allow-changes" in refused.stderr
    done = dqnd("train", config, "--allow-changes", "train.gamma=0.5", *BRIEF)
    assert done.returncode == 75
    assert f"changed from env_step {at} on: train.gamma: 0.5 here, 0.99 there" in done.stdout
    shown = json.loads(dqnd("inspect", run, "--json").stdout)[0]
    assert shown["changes"] == [f"env_step {at}: train.gamma: 0.5 here, 0.99 there"]


def test_operational_keys_and_a_longer_run_need_nothing(stopped):
    config, run = stopped
    at = env_steps(run)
    done = dqnd("train", config, *BRIEF, "train.total_env_steps=200000000", "checkpoint.every_env_steps=500",
                "checkpoint.keep_last=1", "metrics.tensorboard=false")
    assert done.returncode == 75, done.stderr
    assert env_steps(run) > at
    assert len(list((run / "checkpoints").iterdir())) == 1


def test_threads_stay_what_auto_meant_at_first(tmp_path):
    config, run = small_config(tmp_path), tmp_path / "small"
    by_libtorch = [config, "train.learner=reference"]
    dqnd("train", *by_libtorch, *BRIEF)
    assert "  threads: 1 " in (run / "config.yaml").read_text()
    done = dqnd("train", *by_libtorch, *LONG, "train.threads=2", "run.max_wall_time=3s", "run.stop_grace_seconds=1")
    assert "bits may differ" in done.stdout and "train.threads 2 here, 1 there" in done.stdout
    done = dqnd("train", *by_libtorch, *BRIEF)
    assert "threads 2;" in done.stdout and "bits may differ" not in done.stdout


def test_threads_change_no_bits(tmp_path):
    digests = set()
    for name, threads in (("one", ["train.threads=1"]), ("three", ["train.threads=3"])):
        config = small_config(tmp_path)
        half = [f"run.name={name}", "train.total_env_steps=1500", "network.hidden_sizes=[512, 512]"]  # worth sharing
        dqnd("train", config, *half, *threads)
        done = dqnd("train", config, *half, "train.threads=2", "train.total_env_steps=3000")
        assert done.returncode == 0 and "bits may differ" not in done.stdout, done.stdout
        digests.add(json.dumps(newest_checkpoint(tmp_path / name)["digest"]))
    assert len(digests) == 1


def test_init_from_begins_with_anothers_network(stopped, tmp_path):
    config, run = stopped
    for source in (run, newest(run), newest(run) / "network.safetensors"):
        name = f"run.name=from-{source.name}"
        done = dqnd("train", config, name, f"train.init_from={source}", "train.total_env_steps=300")
        assert done.returncode == 0, done.stderr
        assert "begins with the weights of" in done.stdout
    missing = dqnd("train", config, "run.name=other", f"train.init_from={tmp_path}/nothing")
    assert missing.returncode == 2
    assert f"{tmp_path}/nothing" in missing.stderr


# --- damage


def damage(path, rng):
    """One of the ways in which files break."""
    content = bytearray(path.read_bytes())
    way = rng.randrange(4)
    if way == 0 and content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif way == 1:
        del content[rng.randrange(len(content) + 1):]
        content = content or bytearray(b"x")
    elif way == 2:
        content += b"more"
    else:
        at = rng.randrange(len(content) + 1)
        content[at:at + 64] = rng.randbytes(64)
    path.write_bytes(bytes(content))


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before_whatever_is_damaged(stopped, tmp_path):
    config, run = stopped
    rng = random.Random(1)
    names = sorted(path.name for path in newest(run).iterdir())
    assert {"manifest.json", "state.bin", "network.safetensors", "replay_tail"} <= set(names)
    for number in range(24):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(run, copy / "small")
        good = sorted((copy / "small/checkpoints").iterdir())[-2].name
        if number % 4 == 3:  # a segment that the newest alone names
            segments = [set(re.findall(r"\d+-\w+\.segment", (path / "manifest.json").read_text()))
                        for path in sorted((copy / "small/checkpoints").iterdir())]
            alone = sorted(segments[-1] - segments[-2])
            if not alone:
                continue
            broken = copy / "small/replay" / rng.choice(alone)
        else:
            broken = newest(copy / "small") / names[number % len(names)]
        damage(broken, rng)
        inspected = dqnd("inspect", copy / "small")
        assert inspected.returncode == 1, broken
        assert str(broken.name) in inspected.stdout
        done = dqnd("train", config, f"run.directory={copy}", *BRIEF)
        assert done.returncode == 75, (broken, done.stdout, done.stderr)
        assert "is passed over" in done.stdout and broken.name in done.stdout
        assert f"resumed from checkpoint {good}" in done.stdout
        shutil.rmtree(copy)


def test_with_every_checkpoint_damaged_nothing_is_begun_anew(stopped):
    config, run = stopped
    for checkpoint in (run / "checkpoints").iterdir():
        (checkpoint / "state.bin").write_bytes(b"")
    before = sorted(path.name for path in run.rglob("*"))
    done = dqnd("train", config, *LONG)
    assert done.returncode == 1
    assert "none can be restored" in done.stderr and "--on-existing=new" in done.stderr
    assert set(before) <= {path.name for path in run.rglob("*")}


def reseal(manifest, text):
    """Writes a manifest as somebody might on purpose: with a seal that is right."""
    body = text.rsplit(',\n  "xxh3"', 1)[0]
    manifest.write_text(body + f',\n  "xxh3": "{xxhash.xxh3_64_hexdigest(body.encode())}"\n}}\n')


@pytest.mark.parametrize("before, after, message", [
    (r'"name": "network.safetensors"', r'"name": "../../x"', "is no name of a file in its folder"),
    (r'("name": "state.bin",\s+"bytes": )\d+', r"\g<1>1000000000000000000", "its manifest says 1000000000000000000"),
    (r'"env_steps": ', r'"env_steps": -', "is no count"),
])
def test_a_forged_manifest_is_passed_over(stopped, before, after, message):
    config, run = stopped
    manifest = newest(run) / "manifest.json"
    forged, count = re.subn(before, after, manifest.read_text(), count=1)
    assert count == 1
    reseal(manifest, forged)
    done = dqnd("train", config, *BRIEF)
    assert done.returncode == 75, done.stderr
    assert "is passed over" in done.stdout and message in done.stdout


def test_a_checkpoint_of_a_newer_version_is_refused_and_left_alone(stopped):
    config, run = stopped
    manifest = newest(run) / "manifest.json"
    reseal(manifest, manifest.read_text().replace('"version": 1', '"version": 2', 1))
    content = manifest.read_bytes()
    done = dqnd("train", config, *LONG)
    assert done.returncode == 2
    assert "in format 2, this program reads up to format 1" in done.stderr
    assert manifest.read_bytes() == content


# --- places


def test_two_processes_on_one_run_directory(tmp_path):
    config = small_config(tmp_path)
    first = start("train", config, *LONG)
    wait_for(first, "env_steps 500/")
    second = dqnd("train", config, *LONG)
    assert second.returncode == 75
    assert "is in use by another dqnd" in second.stderr
    first.terminate()
    first.communicate(timeout=20)
    assert first.returncode == 75


@pytest.mark.parametrize("name", ["progress.csv", "checkpoints", "replay", "best/network.safetensors"])
def test_a_link_out_of_the_run_directory_is_refused(stopped, tmp_path, name):
    config, run = stopped
    outside = tmp_path / "outside"
    outside.mkdir()
    place = run / name
    if place.is_dir():
        shutil.rmtree(place)
    elif place.exists():
        place.unlink()
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside)
    done = dqnd("train", config, *LONG)
    assert done.returncode == 2
    assert str(place) in done.stderr and "is a link to" in done.stderr
    assert not list(outside.iterdir())


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 100 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "dqnd_test", folder], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_full_for_a_while_costs_nothing(small_disk, tmp_path):
    untouched = small_config(tmp_path)
    length = "train.total_env_steps=60000"
    assert dqnd("train", untouched, length).returncode == 0
    config = small_config(small_disk)
    process = start("train", config, length)
    wait_for(process, "checkpoint 3000 is complete")
    stuffing = small_disk / "stuffing"
    with open(stuffing, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    printed = wait_for(process, "could not be written")
    assert "training goes on, and it is tried again" in printed
    stuffing.unlink()
    printed = process.communicate(timeout=60)[0]
    assert process.returncode == 0, printed
    for name in ("network", "target", "optimizer"):
        ours = (small_disk / f"small/checkpoints/000000060000/{name}.safetensors").read_bytes()
        assert ours == (tmp_path / f"small/checkpoints/000000060000/{name}.safetensors").read_bytes()
    assert (small_disk / "small/evaluations.csv").read_text() == (tmp_path / "small/evaluations.csv").read_text()
    rows = [line.split(",") for line in (small_disk / "small/progress.csv").read_text().splitlines()]
    expected = [line.split(",") for line in (tmp_path / "small/progress.csv").read_text().splitlines()]
    assert [row[:1] + row[3:] for row in rows] == [row[:1] + row[3:] for row in expected]
