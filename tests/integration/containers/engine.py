"""podman with a store of its own, in which names as plain as `dqnd` and `runs` are nobody else's."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAMS = pathlib.Path(os.environ.get("DQND_BIN", ROOT / "build/release/bin"))
STORE = ROOT / "build/containers"
OWNER = 10001  # of everything that our images write

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


def use_own_store():
    """From here on podman and buildah work in build/containers; images of the machine's own store can be read."""
    STORE.mkdir(parents=True, exist_ok=True)
    running = pathlib.Path("/run/dqnd-test-" + hashlib.sha256(str(STORE).encode()).hexdigest()[:12])
    machine = pathlib.Path("/var/lib/containers/storage")
    others = f'additionalimagestores = ["{machine}"]\n' if machine.is_dir() else ""
    (STORE / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{STORE}/storage"\nrunroot = "{running}"\n[storage.options]\n{others}')
    # What some machines need: see docs/containers.md.
    (STORE / "containers.conf").write_text(
        '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1000:1000"]\n'
        f'[network]\nnetwork_config_dir="{STORE}/networks"\n')
    os.environ["CONTAINERS_STORAGE_CONF"] = str(STORE / "storage.conf")
    os.environ["CONTAINERS_CONF"] = str(STORE / "containers.conf")
    used = podman("info", "--format", "{{.Store.GraphRoot}}").stdout.strip()
    assert used == f"{STORE}/storage", f"podman works in {used}; what it holds is not ours to remove"


def command(*arguments, timeout=1800, **options):
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=timeout, **options)


def podman(*arguments, expect=0):
    done = command("podman", *arguments)
    assert expect is None or done.returncode == expect, \
        f"podman {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def until(condition, what, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def path(volume):
    return pathlib.Path(podman("volume", "inspect", volume, "--format", "{{.Mountpoint}}").stdout.strip())


def new_volume(name, copy_of=None):
    podman("volume", "create", name)
    if copy_of:
        shutil.copytree(path(copy_of), path(name), dirs_exist_ok=True)
        for each in [path(name), *path(name).rglob("*")]:
            shutil.chown(each, OWNER, OWNER)
    return name


def status(name):
    """The exit status of a container, once it has ended."""
    return int(podman("wait", name).stdout)


def logs(name):
    done = podman("logs", name)
    return done.stdout + done.stderr


def ends(name, expected_status, *sentences):
    """A container that ends with this status and says this."""
    found = status(name)
    said = logs(name)
    assert found == expected_status, f"status {found}, expected {expected_status}:\n{said}"
    for sentence in sentences:
        assert sentence in said, f"not said: {sentence}\n{said}"
    return said


def digest(run):
    done = command(PROGRAMS / "dqnd", "inspect", run, "--digest", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]["digest"]


def link_of(run, host_and_port):
    """The dqnview link of the daemon that works there, as its log prints it."""
    until(lambda: (run / "address").exists(), "the daemon listens")
    _, question, fingerprint = (run / "address").read_text().strip().partition("?")
    token = (run / "access" / "control_token").read_text().strip()
    return f"dqnd://{host_and_port}?token={token}" + (f"&{fingerprint}" if question else "")


def dqnctl(link, *arguments):
    return command(PROGRAMS / "dqnctl", "--address", link, *arguments, timeout=120)


class Trainers:
    """Containers of the trainer's image, with their volumes."""

    def __init__(self, image, folder):
        self.image, self.folder = image, folder
        self.made = 0
        (folder / "run.yaml").write_text(RUN)

    def config_text(self):
        return (self.folder / "run.yaml").read_text()

    def volume(self, copy_of=None):
        self.made += 1
        return new_volume(f"volume-{self.made}", copy_of)

    def start(self, volume, *overrides, options=("--memory", "2g", "--read-only"), network=None, config="/run.yaml"):
        """Its name. `volume` may be a folder; `network` is podman's, by default its own with a published port."""
        self.made += 1
        name = f"trainer-{self.made}"
        mounts = ["--volume", f"{volume}:/runs"] if volume else []
        reached = ["--network", network] if network else ["--publish", "127.0.0.1::50051"]
        podman("run", "--detach", "--name", name, *reached, *options, *mounts,
               "--volume", f"{self.folder / 'run.yaml'}:/run.yaml:ro", self.image, "train", config, *overrides)
        return name

    @staticmethod
    def port(name):
        return podman("port", name, "50051").stdout.strip().rpartition(":")[2]


def remove_everything():
    """Containers, pods and volumes; images stay for the next time."""
    podman("pod", "rm", "--all", "--force", expect=None)
    podman("rm", "--all", "--force", "--time", "0", expect=None)
    podman("volume", "rm", "--all", "--force", expect=None)
    podman("network", "prune", "--force", expect=None)


@contextlib.contextmanager
def a_clean_table():
    remove_everything()
    try:
        yield
    finally:
        remove_everything()
