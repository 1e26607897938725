#!/usr/bin/env python3
"""Watches a run from another host, over a network that delays and loses, and says how that looks and what the run
made of it.

    two_hosts.py [--seconds 30] [--delay-ms 50] [--loss 0.02] [--image NAME]

The hosts are two network namespaces. The trainer is in one, with --image in a container of podman's, and listens to
everybody, under TLS; dqnview is in the
other, with a display of its own (Xvfb). The cable between them is this program: every IP packet arrives `delay`
later or, with a probability of `loss`, never, in both directions (what netem does in kernels that have it).

Fails when the window shows fewer than five pictures a second or stands still for more than three seconds, when a
pause from the other host is not obeyed, or when the run has less than three quarters of its speed unwatched; time
that it waits for a processor, which viewer and cable need as well, is left out. Exits 77 where it may not make
hosts: it needs root and /dev/net/tun.
"""

import argparse
import asyncio
import contextlib
import csv
import fcntl
import json
import os
import pathlib
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

PROGRAMS = pathlib.Path(os.environ.get("DQND_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"))
SKIPPED = 77
MEASUREMENTS = 3  # a machine that others share may be slow once

RUN = """
run: {{name: run, directory: {folder}}}
environment: {{id: "minatar:breakout"}}
train: {{total_env_steps: 100000000, learning_starts: 500, threads: 1}}
evaluation: {{every_env_steps: 0}}
checkpoint: {{every_env_steps: 0}}
server: {{listen: "0.0.0.0:0"}}
"""


def system(*command):
    subprocess.run([str(each) for each in command], check=True)


class Host:
    """A network namespace with one address and one interface, whose packets are read and written by us."""

    TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000

    def __init__(self, name, address):
        self.name, self.address = f"dqnd{os.getpid()}{name}", address
        system("ip", "netns", "add", self.name)
        self.packets = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        interface = f"dq{os.getpid()}{name}"[:15]
        fcntl.ioctl(self.packets, self.TUNSETIFF,
                    struct.pack("16sH22x", interface.encode(), self.IFF_TUN | self.IFF_NO_PI))
        system("ip", "link", "set", interface, "netns", self.name)
        system(*self.inside("ip", "address", "add", f"{address}/24", "dev", interface))
        system(*self.inside("ip", "link", "set", interface, "up"))
        system(*self.inside("ip", "link", "set", "lo", "up"))

    def inside(self, *command):
        """The command line that runs a program on this host."""
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def remove(self):
        os.close(self.packets)
        system("ip", "netns", "delete", self.name)


class Cable:
    def __init__(self, one, other, delay_seconds, loss):
        self.delay, self.loss, self.random, self.carried = delay_seconds, loss, random.Random(1), 0
        self.loop = asyncio.get_running_loop()
        for source, target in ((one, other), (other, one)):
            self.loop.add_reader(source.packets, self.arrived, source.packets, target.packets)

    def arrived(self, source, target):
        packet = os.read(source, 65535)
        if self.random.random() >= self.loss:
            self.loop.call_later(self.delay, self.deliver, target, packet)
        self.carried += len(packet)

    @staticmethod
    def deliver(target, packet):
        with contextlib.suppress(OSError):  # the hosts may be gone by now
            os.write(target, packet)


class Watcher:
    """The host with the person: dqnctl and dqnview, and what they see of the run."""

    def __init__(self, host, link, folder):
        self.host, self.link, self.folder = host, link, folder

    def ctl(self, *arguments):
        done = subprocess.run(self.host.inside(PROGRAMS / "dqnctl", "--address", self.link, "--json", *arguments),
                              check=True, capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def view(self, seconds):
        """Watches in the window; gives when each picture was taken, and how old it was when it was seen (ms)."""
        delays = self.folder / "delays.csv"
        # The person's computer has processors of its own; here it must not take the trainer's.
        polite = ["nice", "-n", "5"]
        screen = subprocess.Popen([*polite, "Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            display = ":" + screen.stdout.readline().strip()
            window = subprocess.Popen(
                self.host.inside(*polite, PROGRAMS / "dqnview", self.link, "--mode", "training", "--delays", delays),
                env={"DISPLAY": display, "HOME": str(self.folder), "PATH": os.environ["PATH"]}, cwd=self.folder)
            time.sleep(seconds)
            assert window.poll() is None, "the window ended by itself"
            window.terminate()
            window.wait()
        finally:
            screen.terminate()
            screen.wait()
        with open(delays) as file:
            return [(int(row["unix_nanoseconds"]) / 1e9, float(row["delay_milliseconds"]))
                    for row in csv.DictReader(file)]


class Daemon:
    """dqnd train, on a host; with an image in a container there."""

    def __init__(self, host, folder, image):
        config, self.container = folder / "run.yaml", None
        config.write_text(RUN.format(folder="/runs" if image else folder))
        if image is None:
            self.process = subprocess.Popen(host.inside(PROGRAMS / "dqnd", "train", config), stdout=subprocess.DEVNULL)
            self.pid = self.process.pid
            return
        folder.chmod(0o777)
        self.container = host.name
        system("podman", "run", "--detach", "--rm", "--name", host.name, "--network", f"ns:/run/netns/{host.name}", "--memory",
               "2g", "--read-only", "--volume", f"{folder}:/runs", image, "train", "/runs/run.yaml")
        self.process = subprocess.Popen(["podman", "wait", host.name], stdout=subprocess.DEVNULL)
        self.pid = int(subprocess.run(["podman", "inspect", host.name, "--format", "{{.State.Pid}}"], check=True,
                                      capture_output=True, text=True).stdout)

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        if self.container:
            system("podman", "stop", self.container)
        else:
            self.process.terminate()
        self.process.wait()


def processor_wait(pid):
    """Seconds that the training thread (the main one) has waited for a processor, which others had."""
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[1]) / 1e9


async def measure(arguments, folder, trainer, watcher_host):
    run = folder / "run"
    daemon = Daemon(trainer, folder, arguments.image)
    aside = asyncio.to_thread
    try:
        while not (run / "address").exists():
            assert not daemon.ended(), "the trainer ended"
            await asyncio.sleep(0.1)
        address = (run / "address").read_text().strip().replace("0.0.0.0", trainer.address)
        token = (run / "access" / "control_token").read_text().strip()
        watcher = Watcher(watcher_host, f"{address}&token={token}", folder)
        cable = Cable(trainer, watcher_host, arguments.delay_ms / 1000, arguments.loss)

        async def env_steps():
            return int((await aside(watcher.ctl, "status", "--once"))["state"]["env_steps"])

        async def speed(meanwhile):
            began, waited, before = time.monotonic(), processor_wait(daemon.pid), await env_steps()
            result = await meanwhile
            after = await env_steps()
            return (after - before) / (time.monotonic() - began - processor_wait(daemon.pid) + waited), result

        while await env_steps() < 1000:
            await asyncio.sleep(0.1)
        alone, _ = await speed(asyncio.sleep(arguments.seconds))
        carried = cable.carried
        watched, seen = await speed(aside(watcher.view, arguments.seconds))
        carried = cable.carried - carried
        asked = time.monotonic()
        await aside(watcher.ctl, "pause")
        answered = time.monotonic() - asked
        phase = (await aside(watcher.ctl, "status", "--once"))["state"]["phase"]
    finally:
        daemon.stop()
    return alone, watched, seen, carried, answered, phase


def report(arguments, alone, watched, seen, carried, answered, phase):
    taken = [at for at, _ in seen]
    ages = sorted(age for _, age in seen)
    shown = [at + age / 1000 for at, age in seen]
    longest = max(b - a for a, b in zip(shown, shown[1:]))
    rate = (len(taken) - 1) / (shown[-1] - shown[0])
    print(f"a network of {arguments.delay_ms:g} ms and {100 * arguments.loss:g} % losses each way, TLS: the window showed "
          f"{rate:.1f} pictures a second, {statistics.median(ages):.0f} ms old (median; 95 % within "
          f"{ages[int(0.95 * len(ages))]:.0f} ms), and stood still for {1000 * longest:.0f} ms at most; "
          f"{8 * carried / arguments.seconds / 1000:.0f} kbit/s")
    print(f"dqnctl pause took {1000 * answered:.0f} ms from start to end; the run is {phase}")
    print(f"the run: {alone:.0f} env_steps/s alone, {watched:.0f} watched, without the time that it waited for a "
          "processor")
    return rate >= 5 and longest < 3 and phase == "paused" and watched > 0.75 * alone


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--delay-ms", type=float, default=50)
    parser.add_argument("--loss", type=float, default=0.02)
    parser.add_argument("--image")
    arguments = parser.parse_args()
    hosts = []
    try:
        try:
            hosts.append(Host("a", "10.86.0.1"))
            hosts.append(Host("b", "10.86.0.2"))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"skipped: no hosts can be made here: {error}")
            return SKIPPED
        for _ in range(MEASUREMENTS):
            with tempfile.TemporaryDirectory() as folder:
                if report(arguments, *await measure(arguments, pathlib.Path(folder), *hosts)):
                    return 0
        return 1
    finally:
        for host in hosts:
            host.remove()


if __name__ == "__main__":
    missing = [program for program in ("ip", "Xvfb") if shutil.which(program) is None]
    if missing:
        print(f"skipped: {' and '.join(missing)} are not installed")
        sys.exit(SKIPPED)
    sys.exit(asyncio.run(main()))
