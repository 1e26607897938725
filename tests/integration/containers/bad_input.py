"""What goes wrong around a container gets one clear message, and nothing is lost."""

import contextlib
import socket
import subprocess

from engine import OWNER, ends, logs, podman, status, until

UNTIL_STOPPED = ("train.total_env_steps=100000000", "evaluation.every_env_steps=0")


def refuses_a_run_that_would_vanish(trainers):
    ends(trainers.start(None, options=()), 2, "nothing is mounted at /runs", "--ephemeral")
    # A disk in memory is no better, wherever it is; a volume anywhere is.
    ends(trainers.start(trainers.volume(), "run.directory=/tmp/here", options=("--read-only",)), 2, "nothing is mounted at /tmp/here")
    elsewhere = trainers.volume()
    ends(trainers.start(None, "run.directory=/elsewhere/runs", "train.total_env_steps=2000",
                        options=("--read-only", "--volume", f"{elsewhere}:/elsewhere:U")), 0)
    ends(trainers.start(None, "--ephemeral", "train.total_env_steps=2000", options=()), 0)
    print("without a volume: refused, unless --ephemeral", flush=True)


def refuses_a_volume_that_is_not_its_own(trainers):
    folder = trainers.folder / "of_root"
    folder.mkdir(mode=0o755)
    ends(trainers.start(folder), 2, "/runs belongs to user 0, and this program runs as user 10001: chown -R 10001 /runs", ":U")
    ends(trainers.start(folder, "train.total_env_steps=2000", options=("--user", "0")), 0)  # or as its owner
    print("a volume of another user: refused, with both users' numbers and the fix", flush=True)


def refuses_a_memory_that_is_too_small(trainers):
    ends(trainers.start(trainers.volume(), options=("--memory", "100m", "--memory-swap", "100m")), 2,
         "the container's limit", "100.0 MiB", "No replay.buffer_size would make it fit")
    print("100 MB of memory: refused, with the plan's table", flush=True)


@contextlib.contextmanager
def small_disk(folder, size):
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},uid={OWNER},gid={OWNER}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def survives_a_full_volume(trainers):
    with small_disk(trainers.folder / "too_small", "2m") as disk:
        ends(trainers.start(disk, "--ephemeral"), 2, "MiB free", "run.directory")
    with small_disk(trainers.folder / "small", "100m") as disk:
        name = trainers.start(disk, "--ephemeral", *UNTIL_STOPPED)
        until(lambda: "checkpoint 4000 is complete" in logs(name), "the first checkpoint")
        filler = disk / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        until(lambda: "could not be written" in logs(name), "it is said that the volume is full")
        filler.unlink()
        until(lambda: "is complete" in logs(name).rpartition("could not be written")[2], "a checkpoint once there is room")
        podman("stop", name)
        assert status(name) == 75, logs(name)
    print("a volume that is too small is refused; one that fills up stops no training, and the next checkpoint is complete", flush=True)


def says_that_a_port_is_in_use(trainers):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ends(trainers.start(trainers.volume(), f"server.listen=0.0.0.0:{port}", network="host"), 1, str(port), "the address is taken")
        # On loopback nobody has published it: the next free one, which the address file names.
        said = ends(trainers.start(trainers.volume(), f"server.listen=127.0.0.1:{port}", network="host"), 0)
        assert "is taken" in said, said
    print("a port in use: status 1 and the port's number; on loopback another one", flush=True)


def needs_no_shared_memory(trainers):
    ends(trainers.start(trainers.volume(), "train.threads=2", "train.total_env_steps=10000",
                        options=("--shm-size", "1k", "--read-only", "--read-only-tmpfs=false")), 0)
    print("1 kB of /dev/shm and nothing writable but /runs are enough", flush=True)
