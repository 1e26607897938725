#!/usr/bin/env python3
"""Watches a run over a network that delays and loses, and says how that looks and what the run made of it.

    slow_network.py [--seconds 20] [--delay-ms 50] [--loss 0.02]

The network is a relay on loopback between the daemon and dqnctl: every piece of data arrives `delay` later, and
a lost one after another 200 ms, TCP's shortest wait before it sends again, with all that follows it behind it. (So
that neither a kernel with netem nor root is needed.) Fails when fewer than ten moments a second arrive, when the
picture stands still for more than a second, or when the run is slower than half of its speed unwatched.
"""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAMS = pathlib.Path(os.environ.get("DQND_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"))

RUN = """
run: {{name: run, directory: {folder}}}
environment: {{id: "minatar:breakout"}}
train: {{total_env_steps: 100000000, learning_starts: 500, threads: 1}}
evaluation: {{every_env_steps: 0}}
checkpoint: {{every_env_steps: 0}}
server: {{listen: "127.0.0.1:0"}}
"""


class Relay:
    """A TCP relay to a port of loopback, with a network's delay and losses in both directions."""

    def __init__(self, port, delay_seconds, loss):
        self.port, self.delay, self.loss, self.random = port, delay_seconds, loss, random.Random(1)

    async def start(self):
        self.server = await asyncio.start_server(self.connected, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def connected(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        with contextlib.suppress(asyncio.CancelledError):  # the test is over
            await asyncio.gather(self.carry(reader, there_writer), self.carry(there_reader, writer))

    async def carry(self, reader, writer):
        queue = asyncio.Queue(maxsize=1000)

        async def deliver():
            while (item := await queue.get()) is not None:
                due, data = item
                await asyncio.sleep(max(0, due - time.monotonic()))
                writer.write(data)
                await writer.drain()
            writer.close()

        delivery = asyncio.create_task(deliver())
        due = 0.0
        try:
            while data := await reader.read(1448):  # a segment of Ethernet
                lost = self.random.random() < self.loss
                due = max(due, time.monotonic() + self.delay + (0.2 if lost else 0))
                await queue.put((due, data))
        except ConnectionError:
            pass
        await queue.put(None)
        await asyncio.gather(delivery, return_exceptions=True)


def env_steps(run):
    done = subprocess.run([PROGRAMS / "dqnctl", "--run", run, "--json", "status", "--once"], check=True,
                          capture_output=True, text=True)
    return int(json.loads(done.stdout)["state"]["env_steps"])


def speed(run, seconds):
    """env_steps/s over so many seconds."""
    began, before = time.monotonic(), env_steps(run)
    time.sleep(seconds)
    return (env_steps(run) - before) / (time.monotonic() - began)


async def watch(link, seconds, run):
    """Arrival times of moments, and the run's speed meanwhile."""
    viewer = await asyncio.create_subprocess_exec(
        PROGRAMS / "dqnctl", "--address", link, "--json", "watch", "--training", "--rate", "30",
        stdout=asyncio.subprocess.PIPE, limit=1 << 24)
    meanwhile = asyncio.get_running_loop().run_in_executor(None, speed, run, seconds)
    times = []
    while not meanwhile.done():
        try:
            line = await asyncio.wait_for(viewer.stdout.readline(), 5)
        except asyncio.TimeoutError:
            continue
        if not line:
            break
        times.append(time.monotonic())
    viewer.terminate()
    await viewer.wait()
    return times, await meanwhile


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--delay-ms", type=float, default=50)
    parser.add_argument("--loss", type=float, default=0.02)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "run.yaml"
        config.write_text(RUN.format(folder=folder))
        run = pathlib.Path(folder) / "run"
        daemon = subprocess.Popen([PROGRAMS / "dqnd", "train", config], stdout=subprocess.DEVNULL)
        try:
            while not (run / "address").exists() or env_steps(run) < 1000:
                time.sleep(0.1)
            alone = speed(run, arguments.seconds)
            port = int((run / "address").read_text().strip().rsplit(":", 1)[1])
            relay = Relay(port, arguments.delay_ms / 1000, arguments.loss)
            relay_port = await relay.start()
            token = (run / "access" / "read_only_token").read_text().strip()
            times, watched = await watch(f"dqnd://127.0.0.1:{relay_port}?token={token}", arguments.seconds, run)
        finally:
            daemon.terminate()
            daemon.wait()
    gaps = [1000 * (b - a) for a, b in zip(times, times[1:])]
    rate = len(times) / arguments.seconds
    print(f"{rate:.1f} moments/s arrived of 30; between two: median {statistics.median(gaps):.0f} ms, "
          f"95 % within {sorted(gaps)[int(0.95 * len(gaps))]:.0f} ms, longest {max(gaps):.0f} ms")
    print(f"the run: {alone:.0f} env_steps/s alone, {watched:.0f} watched")
    return 0 if rate >= 10 and max(gaps) < 1000 and watched > alone / 2 else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
