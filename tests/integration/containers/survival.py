"""Watched from the host, stopped, killed, and gone on with elsewhere, to the bits of a run that was in no container; and
within its memory."""

import json
import os
import re
import subprocess
import time

from engine import PROGRAMS, command, digest, dqnctl, ends, link_of, logs, path, podman, status, until


def is_watched_from_the_host(trainers, name, volume):
    """By the published port, with the link's token, over TLS."""
    run = path(volume) / "run"
    link = link_of(run, f"127.0.0.1:{trainers.port(name)}")
    out = trainers.folder / f"{name}.dqnrec"
    recorded = dqnctl(link, "record", "--episodes", 2, out)
    assert recorded.returncode == 0, recorded.stderr
    moments = json.loads(command(PROGRAMS / "dqnctl", "--json", "info", out).stdout)["moments"]
    assert moments == 20, moments
    for missing, sentence in ((re.search("token=[0-9a-f]*", link)[0], "token"), ("&fingerprint=" + link.partition("fingerprint=")[2], "fingerprint")):
        refused = dqnctl(link.replace(missing, "").replace("?&", "?"), "status", "--once")
        assert refused.returncode == 1 and sentence in refused.stderr, refused.stderr
    podman("healthcheck", "run", name)
    is_seen_in_a_window(link, trainers.folder)


def is_seen_in_a_window(link, folder):
    """dqnview, on a display of its own, receives pictures."""
    seen = folder / "seen.csv"
    screen = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        display = ":" + screen.stdout.readline().strip()
        window = subprocess.Popen([PROGRAMS / "dqnview", link, "--mode", "training", "--delays", seen], cwd=folder,
                                  env={"DISPLAY": display, "HOME": str(folder), "PATH": os.environ["PATH"]})
        try:
            until(lambda: seen.exists() and len(seen.read_text().splitlines()) > 10, "the window shows ten pictures", seconds=60)
        finally:
            window.terminate()
            window.wait()
    finally:
        screen.terminate()
        screen.wait()


def stops_within_ten_seconds(trainers):
    volume = trainers.volume()
    name = trainers.start(volume, "train.total_env_steps=100000000")
    is_watched_from_the_host(trainers, name, volume)
    began = time.monotonic()
    podman("stop", name)
    seconds = time.monotonic() - began
    assert status(name) == 75 and seconds < 10, (status(name), seconds)
    print(f"watched from the host, and stopped with status 75 in {seconds:.1f} s", flush=True)


def goes_on_to_the_same_bits(trainers):
    reference = trainers.folder / "reference"
    done = command(PROGRAMS / "dqnd", "train", trainers.folder / "run.yaml", f"run.directory={reference}", "server.listen=~")
    assert done.returncode == 0, done.stderr
    expected = digest(reference / "run")

    volume = trainers.volume()
    for kind in ("stop", "kill"):
        name = trainers.start(volume)
        checkpoints = path(volume) / "run" / "checkpoints"
        before = sorted(checkpoints.glob("*/manifest.json"))
        until(lambda: sorted(checkpoints.glob("*/manifest.json")) != before, "a checkpoint of its own")
        podman(kind, name)
        assert status(name) == {"stop": 75, "kill": 137}[kind], logs(name)
        volume = trainers.volume(copy_of=volume)  # the disk of another machine
    ends(trainers.start(volume), 0)
    assert digest(path(volume) / "run") == expected
    print("stopped, killed, and gone on with in copies of the volume: the bits of a run in no container", flush=True)


def keeps_within_its_memory(trainers):
    volume, limit = trainers.volume(), ("--memory", "300m", "--memory-swap", "300m", "--read-only")
    said = ends(trainers.start(volume, "replay.buffer_size=30000000", options=limit), 2, "largest replay.buffer_size")
    full = int(re.search("largest replay.buffer_size that fits is ([0-9]+)", said)[1])
    name = trainers.start(volume, f"replay.buffer_size={full}", f"train.total_env_steps={full + 20000}",
                          f"train.learning_starts={full - 1000}", "evaluation.every_env_steps=0", options=limit)
    probes = 0
    while podman("exec", name, "dqnd", "health", expect=None).returncode == 0:
        probes += 1
    ends(name, 0)
    assert probes > 3, "it is probed until its end"
    transitions = digest(path(volume) / "run")["transitions"]
    assert transitions >= full * 0.99, (transitions, full)
    print(f"a plan beyond 300 MB is refused; the largest that fits ran until its {full} transitions were full", flush=True)
