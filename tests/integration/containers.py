#!/usr/bin/env python3
"""The image of containers/Containerfile: built, run under podman, watched from the host, stopped, killed, and gone on
with elsewhere, to the bits of a run that was in no container.

    containers.py [--base debootstrap | --base IMAGE] [--image NAME]

--image takes one that is built already. Exits 77 without root or podman."""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("DQND_BIN", ROOT / "build/release/bin"))
SKIPPED = 77

RUN = """
run: {name: run}
environment: {id: catch}
network: {architecture: mlp, hidden_sizes: [32]}
replay: {buffer_size: 20000}
train: {total_env_steps: 60000, learning_starts: 200, target_update_interval: 100, threads: 1}
optimizer: {name: adam, learning_rate: 1.0e-3}
evaluation: {every_env_steps: 20000, episodes: 5}
checkpoint: {every_env_steps: 4000}
server: {listen: "0.0.0.0:50051"}
"""
# What some machines need: see docs/containers.md.
ENGINE = '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1000:1000"]\n'


def command(*arguments, **options):
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=1200, **options)


def podman(*arguments, expect=0):
    done = command("podman", *arguments)
    assert expect is None or done.returncode == expect, f"podman {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def until(condition, what, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return found


class Containers:
    """Of one image; everything that was made is removed at the end."""

    def __init__(self, image, folder):
        self.image, self.folder = image, folder
        self.names, self.volumes = [], []
        (folder / "run.yaml").write_text(RUN)

    def volume(self, copy_of=None):
        name = f"dqnd-test-{os.getpid()}-{len(self.volumes)}"
        podman("volume", "create", name)
        self.volumes.append(name)
        if copy_of:
            shutil.copytree(self.path(copy_of), self.path(name), dirs_exist_ok=True)
            for each in [self.path(name), *self.path(name).rglob("*")]:
                shutil.chown(each, 10001, 10001)
        return name

    def path(self, volume):
        return pathlib.Path(podman("volume", "inspect", volume, "--format", "{{.Mountpoint}}").stdout.strip())

    def start(self, volume, *overrides, options=("--memory", "2g", "--read-only")):
        name = f"dqnd-test-{os.getpid()}-c{len(self.names)}"
        self.names.append(name)
        mounts = ["--volume", f"{volume}:/runs"] if volume else []
        podman("run", "--detach", "--name", name, "--publish", "127.0.0.1::50051", *options, *mounts,
               "--volume", f"{self.folder / 'run.yaml'}:/run.yaml:ro", self.image, "train", "/run.yaml", *overrides)
        return name

    def status(self, name):
        return int(podman("wait", name).stdout)

    def logs(self, name):
        done = podman("logs", name)
        return done.stdout + done.stderr

    def logs_at_end(self, name):
        self.status(name)
        return self.logs(name)

    def remove(self):
        for name in self.names:
            podman("rm", "--force", "--time", "0", name, expect=None)
        for volume in self.volumes:
            podman("volume", "rm", volume, expect=None)


def digest(run):
    done = command(PROGRAMS / "dqnd", "inspect", run, "--digest", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]["digest"]


def watch_from_the_host(containers, name, volume):
    """By the published port, with the link's token, over TLS."""
    run = containers.path(volume) / "run"
    until(lambda: (run / "address").exists(), "the daemon listens")
    fingerprint = (run / "address").read_text().split("fingerprint=")[1].strip()
    token = (run / "access" / "control_token").read_text().strip()
    port = podman("port", name, "50051").stdout.strip().rpartition(":")[2]
    out = containers.folder / f"{name}.dqnrec"
    link = f"dqnd://127.0.0.1:{port}?token={token}&fingerprint={fingerprint}"
    recorded = command(PROGRAMS / "dqnctl", "--address", link, "record", "--episodes", 2, out)
    assert recorded.returncode == 0, recorded.stderr
    moments = json.loads(command(PROGRAMS / "dqnctl", "--json", "info", out).stdout)["moments"]
    assert moments == 20, moments
    refused = command(PROGRAMS / "dqnctl", "--address", link.replace(token, "0" * 64), "status", "--once")
    assert refused.returncode == 1 and "does not know this token" in refused.stderr
    podman("healthcheck", "run", name)


def check(containers):
    reference = containers.folder / "reference"
    done = command(PROGRAMS / "dqnd", "train", containers.folder / "run.yaml", f"run.directory={reference}", "server.listen=~")
    assert done.returncode == 0, done.stderr
    expected = digest(reference / "run")
    print("a run in no container has ended", flush=True)

    volume = containers.volume()
    name = containers.start(volume, "train.total_env_steps=100000000")
    watch_from_the_host(containers, name, volume)
    began = time.monotonic()
    podman("stop", name)
    seconds = time.monotonic() - began
    assert containers.status(name) == 75 and seconds < 10, (containers.status(name), seconds)
    print(f"watched from the host, and stopped with status 75 in {seconds:.1f} s", flush=True)

    volume = containers.volume()
    for kind in ("stop", "kill"):
        name = containers.start(volume)
        checkpoints = containers.path(volume) / "run" / "checkpoints"
        before = sorted(checkpoints.glob("*/manifest.json"))
        until(lambda: sorted(checkpoints.glob("*/manifest.json")) != before, "a checkpoint of its own")
        podman(kind, name)
        assert containers.status(name) == {"stop": 75, "kill": 137}[kind], containers.logs(name)
        volume = containers.volume(copy_of=volume)  # the disk of another machine
    name = containers.start(volume)
    assert containers.status(name) == 0, containers.logs(name)
    assert digest(containers.path(volume) / "run") == expected
    print("stopped, killed, and gone on with in copies of the volume: the same bits", flush=True)

    name = containers.start(None, options=())
    assert containers.status(name) == 2 and "nothing is mounted at /runs" in containers.logs(name), containers.logs(name)
    name = containers.start(None, "--ephemeral", "train.total_env_steps=2000", options=())
    assert containers.status(name) == 0, containers.logs(name)
    print("a run that would vanish is refused", flush=True)

    volume, limit = containers.volume(), ("--memory", "300m", "--memory-swap", "300m", "--read-only")
    name = containers.start(volume, "replay.buffer_size=30000000", options=limit)
    largest = re.search("largest replay.buffer_size that fits is ([0-9]+)", containers.logs_at_end(name))
    assert containers.status(name) == 2 and largest, containers.logs(name)
    full = int(largest[1])
    name = containers.start(volume, f"replay.buffer_size={full}", f"train.total_env_steps={full + 20000}",
                            f"train.learning_starts={full - 1000}", "evaluation.every_env_steps=0", options=limit)
    assert containers.status(name) == 0, containers.logs(name)
    newest = json.loads(command(PROGRAMS / "dqnd", "inspect", containers.path(volume) / "run", "--digest", "--json").stdout)[0]
    assert newest["digest"]["transitions"] >= full * 0.99, (newest["digest"], full)
    print(f"a plan beyond 300 MB is refused; the largest that fits ran until its {full} transitions were full", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="debootstrap")
    parser.add_argument("--image")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("podman"):
        print("containers.py needs root and podman: apt-get install podman runc buildah netavark aardvark-dns iptables "
              "catatonit debootstrap", file=sys.stderr)
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        (pathlib.Path(folder) / "containers.conf").write_text(ENGINE)
        os.environ.setdefault("CONTAINERS_CONF", f"{folder}/containers.conf")
        image = arguments.image or "localhost/dqnd-test"
        if not arguments.image:
            subprocess.run([ROOT / "containers/build", f"--base={arguments.base}", f"--tag={image}"], check=True)
        size = json.loads(podman("image", "inspect", image).stdout)[0]["Size"]
        print(f"{image}: {size / 1e6:.0f} MB", flush=True)
        containers = Containers(image, pathlib.Path(folder))
        stack.callback(containers.remove)
        check(containers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
