"""Runs `dqnd trace`, which plays one environment with given actions, for the tests beside this file."""

import json
import os
import pathlib
import subprocess
import tempfile


def trace(config: dict, seed: int, actions, resets: bool = False) -> list[dict]:
    """The lines of `dqnd trace` as dictionaries, one an env_step, and with `resets` one a reset.

    `config` is a configuration as nested dictionaries: {"environment": {"id": "catch"}}.
    """
    program = pathlib.Path(os.environ["DQND_BIN"]) / "dqnd"
    with tempfile.TemporaryDirectory() as folder:
        config_file = pathlib.Path(folder) / "config.yaml"
        config_file.write_text(json.dumps(config))  # JSON is YAML
        actions_file = pathlib.Path(folder) / "actions.txt"
        actions_file.write_text("".join(f"{action}\n" for action in actions))
        command = [program, "trace", config_file, "--seed", str(seed), "--actions", actions_file]
        if resets:
            command.append("--resets")
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"dqnd trace ended with {done.returncode}: {done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]
