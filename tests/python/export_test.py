"""What `dqnd export` writes plays elsewhere as the network does here: in onnxruntime, in a program of plain C, on a
64-bit Arm processor and on a microcontroller (both as QEMU emulates them)."""

import pathlib
import re
import shutil
import subprocess

import numpy as np
import onnxruntime
import pytest
from dqnd_support import dqnd
from safetensors.numpy import load_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKED_NET = ROOT / "packed_net"
EXAMPLE = PACKED_NET / "example"


def train(folder, config, *overrides):
    """A run that has learned a little: enough that no layer is as it began; catch learns to play in 8,000 env_steps."""
    done = dqnd("train", ROOT / "configs" / config, f"run.directory={folder}", "run.name=run", "server.listen=~",
                "train.threads=1", "train.learning_starts=500", "replay.buffer_size=1000", "evaluation.every_env_steps=0",
                *overrides)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def export(run, name, output, *options):
    done = dqnd("export", run, f"--format={name}", "--output", output, *options)
    assert done.returncode == 0, done.stderr
    return output


def examples(run, folder, count):
    """Observations as packed_net takes them, Q-values and actions of `count` states of play."""
    return load_file(export(run, "examples", folder / "examples.safetensors", "--states", str(count)))


class TestOnnx:
    """onnxruntime computes the values that LibTorch does."""

    def expect_equal(self, run, folder, count=200):
        session = onnxruntime.InferenceSession(export(run, "onnx", folder / "net.onnx"), providers=["CPUExecutionProvider"])
        told = session.get_inputs()[0]
        known = examples(run, folder, count)
        states = known["observations"]
        states = states.transpose(0, 3, 1, 2) if len(told.shape) == 4 else states.reshape(count, -1)
        assert list(states.shape[1:]) == told.shape[1:]
        values = session.run(["q_values"], {"observation": states.astype(np.uint8 if "uint8" in told.type else np.float32)})[0]
        scale = np.abs(known["q_values"]).max()
        np.testing.assert_allclose(values, known["q_values"], rtol=0, atol=1e-5 * scale)
        best_two = np.sort(known["q_values"], axis=1)[:, -2:]
        is_clear = best_two[:, 1] - best_two[:, 0] > 2e-5 * scale
        assert (values.argmax(1) == known["actions"])[is_clear].all()

    @pytest.mark.parametrize("network", [["backend=float"], ["backend=binary_connect"],
                                         ["backend=binary_connect", "first_layer=binary", "last_layer=binary"]])
    @pytest.mark.parametrize("config", ["minatar/breakout.yaml", "classic/cartpole.yaml", "catch.yaml"])
    def test_of_a_game(self, tmp_path, config, network):
        run = train(tmp_path, config, "train.total_env_steps=1500", *[f"network.{key}" for key in network])
        self.expect_equal(run, tmp_path)

    def test_of_atari(self, tmp_path):
        run = train(tmp_path, "atari/nature.yaml", "environment.id=ale:breakout", "train.total_env_steps=600",
                    "network.backend=binary_connect")
        self.expect_equal(run, tmp_path, count=60)

    def test_refuses_bits_as_activations_and_says_what_takes_them(self, tmp_path):
        run = train(tmp_path, "catch.yaml", "train.total_env_steps=600", "network.backend=bnn")
        refused = dqnd("export", run, "--format=onnx", "--output", tmp_path / "net.onnx")
        assert refused.returncode == 2 and "--format=packed" in refused.stderr
        assert not (tmp_path / "net.onnx").exists()


@pytest.fixture(scope="module", params=[
    "catch bnn real", "catch xnor_net real", "minatar/freeway bnn real", "minatar/breakout bnn binary",
    "minatar/seaquest xnor_net binary", "classic/cartpole bnn real", "classic/cartpole xnor_net binary",
    "catch bnn real [2112,16]"])  # sums longer than a NEON register counts at a time
def packed(request, tmp_path_factory):
    """A folder with network.h, observations.bin, and the expected lines in decisions.txt, by the program of plain C
    on this processor, whose actions are the network's."""
    game, backend, layers, *sizes = request.param.split()
    folder = tmp_path_factory.mktemp("packed")
    run = train(folder, f"{game}.yaml", f"train.total_env_steps={8000 if game == 'catch' and not sizes else 1500}",
                f"network.backend={backend}", "network.actor=packed", f"network.first_layer={layers}",
                f"network.last_layer={layers}", *[f"network.hidden_sizes={size}" for size in sizes])
    export(run, "c", folder / "network.h")
    known = examples(run, folder, 40)
    number = np.float32 if "cartpole" in game else np.uint8
    (folder / "observations.bin").write_bytes(known["observations"].astype(number).tobytes())
    build(folder, "cc", "-O2", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    lines = play(folder, folder / "decide")
    assert [int(line.split()[1]) for line in lines[1:]] == known["actions"].tolist()
    return folder, lines[1:]


def build(folder, compiler, *options):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    subprocess.run([compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", *options, "-I", folder, "-I",
                    PACKED_NET, EXAMPLE / "main.c", PACKED_NET / "packed_net.c", "-o", folder / "decide"], check=True)


def play(folder, *command):
    done = subprocess.run([*command], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_a_64_bit_arm_processor_computes_the_same_values(packed):
    folder, expected = packed
    build(folder, "aarch64-linux-gnu-gcc", "-O2", "-static")
    path, *lines = play(folder, "qemu-aarch64", folder / "decide")
    assert path == "code path 3"  # NEON
    assert lines == expected


def test_a_microcontroller_computes_the_same_values(packed, record_property):
    folder, expected = packed
    board = EXAMPLE / "cortex_m3"
    build(folder, "arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-Os", "-ffunction-sections", "-fdata-sections",
          "-nostartfiles", "--specs=rdimon.specs", "-Wl,--gc-sections", f"-Wl,-T,{board / 'memory.ld'}",
          "-DCLOCK_OF=board_clock", board / "board.c")
    # One nanosecond an instruction, and a clock of 25 MHz: 40 instructions a count.
    path, *lines, counts = play(folder, "qemu-system-arm", "-M", "mps2-an385", "-nographic", "-monitor", "none",
                                "-serial", "none", "-icount", "shift=0", "-semihosting-config", "enable=on,target=native",
                                "-kernel", folder / "decide")
    assert path == "code path 0"  # portable
    assert lines == expected
    sizes = subprocess.run(["arm-none-eabi-size", folder / "decide"], check=True, capture_output=True, text=True).stdout
    text, data, bss = (int(number) for number in sizes.splitlines()[1].split()[:3])
    instructions = 40 * int(re.fullmatch(r"counts (\d+) a decision", counts)[1])
    assert instructions > 0
    print(f"{folder}: {text + data} bytes of flash, {data + bss} of RAM, {instructions} instructions a decision")
