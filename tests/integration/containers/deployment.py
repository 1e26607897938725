"""The deployment files, each played by what plays it, as far as this machine has that."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import yaml

from engine import ROOT, STORE, command, digest, dqnctl, link_of, logs, path, podman, status, until

FILES = ROOT / "containers"
SHORT_RUN = ["train.total_env_steps=20000", "evaluation.every_env_steps=10000"]


def linters():
    """A Python environment with what checks the files that only a cluster can play."""
    folder = STORE / "linters"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "kubernetes-validate==1.37.0", "compose-spec==0.2.1"], check=True)
        (folder / "complete").touch()
    return folder / "bin"


def compose(project, *arguments, files=("compose.yaml",), **variables):
    named = [part for file in files for part in ("-f", FILES / file)]
    done = command("podman-compose", *named, *arguments, env=os.environ | variables | {"COMPOSE_PROJECT_NAME": project})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def kill_its_process(container):
    """As the machine would: podman does not know that anybody wanted it."""
    os.kill(int(podman("inspect", container, "--format", "{{.State.Pid}}").stdout), signal.SIGKILL)


def compose_trains(trainers):
    config = trainers.folder / "run.yaml"
    variables = {"DQND_CONFIG": str(config), "DQND_PORT": "0"}
    compose("one", "up", "-d", **variables)
    name = podman("ps", "--format", "{{.Names}}", "--filter", "name=train").stdout.strip()
    run = path(next(volume for volume in podman("volume", "ls", "--quiet").stdout.split() if volume.endswith("_runs"))) / "run"
    until(lambda: "checkpoint 4000 is complete" in logs(name), "a checkpoint")
    status_now = dqnctl(link_of(run, f"127.0.0.1:{trainers.port(name)}"), "--json", "status", "--once")
    assert json.loads(status_now.stdout)["state"]["totalEnvSteps"] if False else status_now.returncode == 0, status_now.stderr
    kill_its_process(name)
    until(lambda: "complete: 60000 env_steps" in logs(name), "started again by itself, it comes to its end")
    assert "resumed from checkpoint" in logs(name), logs(name)
    compose("one", "down", **variables)
    print("compose.yaml: podman-compose starts it; killed, it is started again and comes to its end", flush=True)
