"""Other hosts: what a firewall lets through, a port that ssh forwards, and a window beyond a bad network."""

import contextlib
import os
import subprocess
import sys

from engine import PROGRAMS, ROOT, command, dqnctl, free_port, link_of, path, until

TRAINS_ON = ("train.total_env_steps=100000000",)


def run(*arguments):
    subprocess.run(list(map(str, arguments)), check=True)


@contextlib.contextmanager
def neighbour(name, ours, theirs):
    """Another host on a cable of its own."""
    run("ip", "netns", "add", name)
    try:
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "cable", "netns", name)
        run("ip", "address", "add", f"{ours}/24", "dev", name)
        run("ip", "link", "set", name, "up")
        run("ip", "-n", name, "address", "add", f"{theirs}/24", "dev", "cable")
        run("ip", "-n", name, "link", "set", "cable", "up")
        yield lambda *arguments: command("ip", "netns", "exec", name, *arguments, timeout=60)
    finally:
        run("ip", "netns", "delete", name)  # and the cable with it


@contextlib.contextmanager
def firewall(port, allowed):
    """containers/firewall.nft, for this port and this neighbour."""
    rules = (ROOT / "containers/firewall.nft").read_text()
    rules = rules.replace("50051", str(port)).replace("192.0.2.7", allowed).replace("inet dqnd", "inet dqnd_test")
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        run("nft", "delete", "table", "inet", "dqnd_test")


def a_firewall_lets_one_neighbour_in(trainers):
    volume = trainers.volume()
    port = free_port()
    with neighbour("dqndhost", "10.87.0.1", "10.87.0.2") as on_the_neighbour:
        trainers.start(volume, *TRAINS_ON, options=("--memory", "2g", "--publish", f"10.87.0.1:{port}:50051"))
        link = link_of(path(volume) / "run", f"10.87.0.1:{port}")

        def watch():
            return on_the_neighbour(PROGRAMS / "dqnctl", "--address", link, "status", "--once")

        assert watch().returncode == 0, watch().stderr
        with firewall(port, "10.87.0.9"):
            assert watch().returncode == 1
        with firewall(port, "10.87.0.2"):
            assert watch().returncode == 0
    print("firewall.nft lets one host in to a published port, and nobody else", flush=True)


@contextlib.contextmanager
def ssh_server(folder):
    """Its port, and the options that get in."""
    for key in ("host", "user"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key)
    os.makedirs("/run/sshd", exist_ok=True)
    port = free_port()
    server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", "/dev/null", "-p", str(port), "-h", str(folder / "host"),
                               *(part for option in ("ListenAddress=127.0.0.1", "PidFile=none", "UsePAM=no", "StrictModes=no",
                                                     "PermitRootLogin=prohibit-password", f"AuthorizedKeysFile={folder}/user.pub")
                                 for part in ("-o", option))])
    try:
        yield ["-p", str(port), "-i", str(folder / "user"), "-o", "StrictHostKeyChecking=no", "-o",
               f"UserKnownHostsFile={folder}/known"]
    finally:
        server.terminate()
        server.wait()


def ssh_forwards_the_port(trainers):
    volume = trainers.volume()
    name = trainers.start(volume, *TRAINS_ON)
    here = free_port()
    link = link_of(path(volume) / "run", f"127.0.0.1:{here}")
    with ssh_server(trainers.folder) as options:
        forward = subprocess.Popen(["ssh", *options, "-N", "-L", f"{here}:127.0.0.1:{trainers.port(name)}", "root@127.0.0.1"],
                                   stderr=subprocess.DEVNULL)
        try:
            until(lambda: dqnctl(link, "status", "--once").returncode == 0, "dqnctl reaches the run through ssh", seconds=30)
        finally:
            forward.terminate()
            forward.wait()
    print("ssh -L: the run is watched through it, and the fingerprint still holds", flush=True)


def a_window_beyond_a_bad_network(trainers):
    """The container in one network namespace, dqnview in another, 50 ms and 2 % losses each way between them."""
    done = command(sys.executable, ROOT / "tests/integration/two_hosts.py", "--image", trainers.image, "--seconds", 20, timeout=600)
    print(done.stdout.strip(), flush=True)
    assert done.returncode == 0, done.stderr


PARTS = [a_firewall_lets_one_neighbour_in, ssh_forwards_the_port, a_window_beyond_a_bad_network]
