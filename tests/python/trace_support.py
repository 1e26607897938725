"""Runs `dqnd trace` for tests that compare an environment with its original.

The programs are taken from the folder that the environment variable DQND_BIN names; ctest sets it.
"""

import json
import os
import pathlib
import subprocess
import tempfile

import xxhash


def trace(config, seed, actions, resets=False, pictures=False):
    """Plays one environment of dqnd and returns what `dqnd trace` printed, one dict a line.

    config: a run's configuration as nested dicts, such as {"environment": {"id": "catch"}}.
    actions: integers, played one after the other; the environment is reset with `seed` first and
        without a seed after each end.
    resets: also return a {"reset": True, "observation_xxh3": ...} for each reset.
    pictures: each line has "picture_xxh3", too, of the picture for people as red, green and blue.

    Raises RuntimeError with the program's own message when it fails.
    """
    program = pathlib.Path(os.environ["DQND_BIN"]) / "dqnd"
    with tempfile.TemporaryDirectory() as folder:
        config_file = pathlib.Path(folder) / "config.yaml"
        config_file.write_text(json.dumps(config))  # JSON is YAML
        actions_file = pathlib.Path(folder) / "actions.txt"
        actions_file.write_text("".join(f"{action}\n" for action in actions))
        command = [program, "trace", config_file, "--seed", str(seed), "--actions", actions_file]
        command += ["--resets"] * resets + ["--pictures"] * pictures
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"dqnd trace ended with status {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def observation_xxh3(observation):
    """The hash that `dqnd trace` prints for an observation, a NumPy array of the same elements."""
    return xxhash.xxh3_64(observation.tobytes()).hexdigest()


def assert_same_trace(ours, original):
    """Compares two traces and, where they part, says at which line and how."""
    for line, (our_step, original_step) in enumerate(zip(ours, original)):
        assert our_step == original_step, (
            f"line {line} differs: dqnd has {our_step}, the original {original_step}"
        )
    assert len(ours) == len(original), f"{len(ours)} lines, the original has {len(original)}"
