"""Bad input: one clear message that names the value and the fix, status 2, and nothing overwritten."""

import subprocess

import pytest
from dqnd_support import PROGRAM, dqnd, small_config


def refused(*arguments, **options):
    """What dqnd says when it refuses; that it does so with one message and status 2 is asserted."""
    done = dqnd(*arguments, **options)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert done.stderr.startswith("dqnd: ")
    return done.stderr


@pytest.mark.parametrize(
    "override, expected",
    [
        ("train.batchsize=32", "did you mean 'batch_size'"),
        ("trian.batch_size=32", "train"),
        ("train.batch_size=many", "train.batch_size"),
        ("train.batch_size=-1", "train.batch_size"),
        ("train.gamma=1.5", "train.gamma"),
        ("replay.buffer_size=16", "batch_size"),
        ("train.learning_starts=5000", "buffer_size"),
        ("replay.buffer_size=1e12", "1000000000"),
        ("train.total_timesteps=100", "train.total_env_steps"),
        ("train.overlap=true", "acting and learning take turns"),
        ("environment.id=minatar:brekout", "minatar:breakout"),
        ("environment.id=atari:pong", "dqnd envs"),
        ("environment.frame_skip=8", "environment.frame_skip"),
        ("network.architecture=nature_cnn", "mlp"),
        ("run.name=../elsewhere", "run.name"),
    ],
)
def test_a_wrong_configuration_is_refused_before_anything_is_written(tmp_path, override, expected):
    message = refused("train", small_config(tmp_path), override)
    assert expected in message
    assert not (tmp_path / "small").exists()


def test_a_missing_configuration_is_named(tmp_path):
    assert "nothing.yaml" in refused("train", tmp_path / "nothing.yaml")


def test_a_wrong_key_in_a_file_is_given_with_line_and_column(tmp_path):
    config = small_config(tmp_path)
    config.write_text(config.read_text().replace("target_update_interval", "target_update_intervall"))
    assert "small.yaml:6:" in refused("train", config)


@pytest.mark.parametrize("rom, expected", [("pnog", "pong"), ("combat", "combat")])
def test_a_missing_or_unsupported_rom_does_not_end_the_process_unexplained(tmp_path, rom, expected):
    message = refused("train", small_config(tmp_path), f"environment.id=ale:{rom}", "network.architecture=nature_cnn",
                      "network.hidden_sizes=[64, 64]")
    assert expected in message


def test_a_rom_folder_without_the_rom_is_named(tmp_path):
    message = refused("trace", small_config(tmp_path), "environment.id=ale:pong",
                      f"environment.rom_directory={tmp_path}", "--actions", "-", input="0\n")
    assert str(tmp_path) in message


def can_mount():
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0


needs_mount = pytest.mark.skipif(not can_mount(), reason="a bad disk is made with a small tmpfs, which needs unshare")


def train_on_disk(tmp_path, mount_options, before=""):
    """Trains with the run directory on a tmpfs of its own, and returns what dqnd says when it refuses."""
    config = small_config(tmp_path)
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f"mount -t tmpfs -o {mount_options} none {disk} && {{ {before} exec {PROGRAM} train {config} run.directory={disk}; }}"
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    return done.stderr


@needs_mount
def test_an_unwritable_run_directory_is_refused_with_the_reason(tmp_path):
    message = train_on_disk(tmp_path, "ro")
    assert "Read-only file system" in message and "run.directory" in message


@needs_mount
def test_a_full_run_directory_is_refused_with_the_reason(tmp_path):
    message = train_on_disk(tmp_path, "size=64k", before="head -c 1M /dev/zero > disk/filler 2> /dev/null;")
    assert "No space left" in message and "run.directory" in message


@needs_mount
def test_a_disk_too_small_for_the_run_is_refused_before_training(tmp_path):
    assert "MiB free" in train_on_disk(tmp_path, "size=1M")


def test_the_run_directory_of_another_run_is_left_alone(tmp_path):
    config = small_config(tmp_path)
    assert dqnd("train", config, "train.total_env_steps=300").returncode == 0
    before = {path: path.read_bytes() for path in (tmp_path / "small").rglob("*") if path.is_file()}
    message = refused("train", config, "train.total_env_steps=300", "train.gamma=0.5")
    assert "train.gamma: 0.5 here, 0.99 there" in message and "--on-existing=new" in message
    assert before == {path: path.read_bytes() for path in (tmp_path / "small").rglob("*") if path.is_file()}


BNN = "network.backend=bnn"
BINARY_CONNECT = "network.backend=binary_connect"


@pytest.mark.parametrize(
    "source, overrides, expected",
    [
        # The tensors of both have the same names and shapes.
        ([BNN], [BINARY_CONNECT, "train.init_from={}"],
         ["train.init_from: ", "network.backend: binary_connect here, bnn there", "train.teacher"]),
        ([], [BNN, "train.init_from={}"], ["network.backend: bnn here, float there"]),
        ([BNN], [BNN, "network.shift_based_normalisation=true", "train.init_from={}"],
         ["network.shift_based_normalisation: true here, false there"]),
        ([], ["network.hidden_sizes=[16]", "train.init_from={}"], ["network.hidden_sizes: [16] here, [32] there"]),
        ([], ["train.teacher={}", "environment.frame_stack=3"], ["train.teacher: ", "fc1.weight"]),
    ],
)
def test_a_network_that_does_not_fit_is_no_starting_point_and_leaves_nothing_behind(tmp_path, source, overrides, expected):
    config = small_config(tmp_path)
    assert dqnd("train", config, *source, "train.total_env_steps=200", "run.name=source").returncode == 0
    message = refused("train", config, *[override.format(tmp_path / "source") for override in overrides])
    for part in expected:
        assert part in message
    assert not (tmp_path / "small").exists()


def test_a_buffer_that_does_not_fit_the_memory_is_refused_with_the_largest_that_would(tmp_path):
    message = refused("train", small_config(tmp_path), "replay.buffer_size=1e9")
    assert "The largest replay.buffer_size that fits is" in message
    assert not (tmp_path / "small").exists()


def test_a_damaged_network_is_refused_by_evaluate(tmp_path):
    config = small_config(tmp_path)
    assert dqnd("train", config, "train.total_env_steps=300").returncode == 0
    network = next((tmp_path / "small/checkpoints").glob("*/network.safetensors"))
    network.write_bytes(network.read_bytes()[:100])
    done = dqnd("evaluate", tmp_path / "small")
    assert done.returncode == 1
    assert str(network) in done.stderr


@pytest.mark.parametrize("arguments", [["frobnicate"], ["train"], ["train", "a.yaml", "--frob"], ["evaluate", "/nowhere"]])
def test_a_wrong_command_line_has_status_2(arguments):
    assert dqnd(*arguments).returncode == 2


def test_an_action_that_the_environment_does_not_have_is_named_with_its_line(tmp_path):
    assert "line 2" in refused("trace", small_config(tmp_path), "--actions", "-", input="0\n7\n")
