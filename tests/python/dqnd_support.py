"""Runs the program `dqnd` as a user would. The folder of the programs is in DQND_BIN; ctest sets it."""

import json
import os
import pathlib
import subprocess

PROGRAM = pathlib.Path(os.environ["DQND_BIN"]) / "dqnd"

# A run of a second or two.
SMALL_RUN = """
run: {{name: small, directory: {folder}}}
environment: {{id: catch}}
network: {{architecture: mlp, hidden_sizes: [32]}}
replay: {{buffer_size: 1000}}
train: {{total_env_steps: 3000, learning_starts: 200, target_update_interval: 100}}
optimizer: {{name: adam, learning_rate: 1.0e-3}}
exploration: {{decay_env_steps: 1000}}
evaluation: {{every_env_steps: 1000, episodes: 20}}
checkpoint: {{every_env_steps: 1000}}
metrics: {{every_env_steps: 500}}
server: {{listen: "127.0.0.1:0"}}
"""


def dqnd(*arguments, **options):
    """Runs dqnd to its end; standard output and standard error are kept as text."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )


def newest_checkpoint(run):
    """What `dqnd inspect --digest` says of it."""
    done = dqnd("inspect", run, "--digest", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)[0]


def small_config(folder, text=SMALL_RUN):
    """Writes the small run's configuration; its run directory will be FOLDER/small."""
    path = pathlib.Path(folder) / "small.yaml"
    path.write_text(text.format(folder=folder))
    return path
