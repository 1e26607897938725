"""Runs under a real memory limit (a cgroup of their own): a run that the plan accepts is not killed, and
takes what the plan said to within 10 %."""

import os
import pathlib
import re
import subprocess

import pytest
from dqnd_support import PROGRAM

MIB = 1 << 20
V1 = pathlib.Path("/sys/fs/cgroup/memory")
V2 = pathlib.Path("/sys/fs/cgroup")

# The memory is full before the end, checkpoints are written while it is, and there are updates.
RUN = """
run: {{directory: {folder}, name: run}}
environment: {{id: "{id}"}}
network: {{architecture: {architecture}}}
replay: {{buffer_size: {buffer_size}, codec: {codec}}}
train: {{total_env_steps: {total}, learning_starts: {starts}, train_freq: 200, threads: 1}}
checkpoint: {{every_env_steps: {checkpoint}, keep_last: 1}}
evaluation: {{every_env_steps: 0}}
metrics: {{every_env_steps: {checkpoint}}}
"""


@pytest.fixture
def limited(request):
    """A function that starts a program under a limit of so many bytes."""
    folder = (V1 if (V1 / "memory.limit_in_bytes").exists() else V2) / f"dqnd_test_{os.getpid()}"
    limit_file = "memory.limit_in_bytes" if folder.parent == V1 else "memory.max"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"this machine lets nobody make a memory cgroup: {error}")
    if not (folder / limit_file).exists():
        folder.rmdir()
        pytest.skip("the memory controller is not there")

    def start(limit_bytes, *arguments):
        (folder / limit_file).write_text(str(limit_bytes))
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=lambda: (folder / "cgroup.procs").write_text(str(os.getpid())))

    yield start
    folder.rmdir()


def run_config(folder, id, architecture, codec, buffer_size):
    path = pathlib.Path(folder) / "run.yaml"
    total = buffer_size * 11 // 10
    path.write_text(RUN.format(
        folder=folder, id=id, architecture=architecture, codec=codec, buffer_size=buffer_size,
        total=total, starts=buffer_size // 2, checkpoint=total // 6))
    return path


@pytest.mark.parametrize("limit_mib, id, architecture, codec", [
    (256, "minatar:breakout", "minatar_cnn", "none"),
    (160, "classic:acrobot", "mlp", "none"),
    (400, "ale:breakout", "nature_cnn", "none"),
])
def test_the_largest_buffer_that_the_plan_allows_fits_and_is_used(limited, tmp_path, limit_mib, id, architecture, codec):
    planned = limited(limit_mib * MIB, "plan", run_config(tmp_path, id, architecture, codec, 100_000_000))
    output = planned.communicate()[0]
    assert planned.returncode == 2, output
    assert "the container's limit (cgroup v" in output
    buffer_size = int(re.search(r"largest replay.buffer_size that would is (\d+)", output).group(1))
    assert buffer_size > 1000, output

    process = limited(limit_mib * MIB, "train", run_config(tmp_path, id, architecture, codec, buffer_size))
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    peak_mib = usage.ru_maxrss / 1024
    print(f"{id}: buffer_size {buffer_size}, limit {limit_mib} MiB, peak {peak_mib:.0f} MiB")
    assert os.waitstatus_to_exitcode(status) == 0, output
    assert 0.9 * limit_mib <= peak_mib <= limit_mib


def test_a_run_that_does_not_fit_is_refused_with_a_table_and_nothing_is_made(limited, tmp_path):
    process = limited(256 * MIB, "train", run_config(tmp_path, "minatar:breakout", "minatar_cnn", "none", 5_000_000))
    output = process.communicate()[0]
    assert process.returncode == 2
    assert "needs more memory than there is" in output
    assert "replay memory" in output and "The largest replay.buffer_size that fits is" in output
    assert not (tmp_path / "run").exists()
