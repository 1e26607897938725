#!/usr/bin/env python3
"""Kills real runs with SIGKILL at random moments, goes on each time, and compares what they end with
to runs that were never touched.

    tests/integration/torture.py                    1,000 kills (./dev torture)
    tests/integration/torture.py --kills 60         a short form, which the test suite runs
    tests/integration/torture.py --self-check       damages one random stream at a resume: must differ

Two of five kills come at a random time; the others are aimed at the moment when a checkpoint is being
written. After each, the next process says where it went on; that is held against what was on the disk
and against how far the killed process had come. Exit status 0: nothing differed.
"""

import argparse
import csv
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import xxhash
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("DQND_BIN", ROOT / "build" / "release" / "bin")) / "dqnd"

# In each the replay memory has wrapped long before the end, and target copies, reports and
# evaluations fall between any two checkpoints.
COMMON = """
checkpoint: {{every_env_steps: {interval}, every_seconds: {seconds}}}
evaluation: {{every_env_steps: {evaluation}, episodes: 2}}
metrics: {{every_env_steps: {report}}}
"""
RUNS = {
    "catch": """
environment: {{id: catch, n_envs: 3}}
network: {{architecture: mlp, hidden_sizes: [32]}}
replay: {{buffer_size: 2000}}
train: {{total_env_steps: {total}, learning_starts: 200, target_update_interval: 150}}
optimizer: {{name: adam}}
exploration: {{decay_env_steps: 20000}}
""",
    "minatar": """
environment: {{id: "minatar:seaquest"}}
network: {{backend: bnn}}
replay: {{buffer_size: 1500}}
train: {{total_env_steps: {total}, learning_starts: 200, train_freq: 4, target_update_interval: 100, batch_size: 8}}
exploration: {{decay_env_steps: 5000}}
""",
    "cartpole": """
environment: {{id: "classic:cartpole"}}
network: {{architecture: mlp}}
replay: {{buffer_size: 3000}}
train: {{total_env_steps: {total}, learning_starts: 200, target_update_interval: 150, double_q: true, threads: 2}}
optimizer: {{name: rmsprop_nature}}
exploration: {{decay_env_steps: 10000}}
""",
    "ale": """
environment: {{id: "ale:pong", repeat_action_probability: 0.25, max_episode_env_steps: 200}}
network: {{architecture: nature_cnn}}
replay: {{buffer_size: 500}}
train: {{total_env_steps: {total}, learning_starts: 100, train_freq: 20, target_update_interval: 60, batch_size: 4, threads: 1}}
exploration: {{decay_env_steps: 1000}}
""",
}
# By run: env_steps between checkpoints and in all, its share of the kills, the longest life before a
# random kill.
SIZES = {
    "catch": dict(interval=900, total=120_000, share=0.4, life_s=0.35),
    "minatar": dict(interval=500, total=40_000, share=0.25, life_s=0.5),
    "cartpole": dict(interval=800, total=80_000, share=0.25, life_s=0.4),
    "ale": dict(interval=90, total=2_700, share=0.1, life_s=1.5),
}


# What a process says once it has restored the run.
BEGUN = "replay memory for"


class Tally:
    def __init__(self):
        self.kills = self.while_writing = self.past_an_interval = self.runs = self.differing = 0
        self.furthest = 0.0  # intervals that a kill cost
        self.problems = []

    def problem(self, text):
        self.problems.append(text)
        print("PROBLEM:", text, flush=True)


def command(config, folder, seed, log):
    environment = dict(os.environ, OMP_NUM_THREADS="2", OMP_WAIT_POLICY="passive")
    return subprocess.Popen(
        [PROGRAM, "train", config, f"run.directory={folder}", "run.name=run", f"run.seed={seed}", "server.listen=127.0.0.1:0"],
        stdout=log, stderr=subprocess.STDOUT, env=environment)


def unfinished(run):
    """Names of checkpoints and segments that are being written or removed."""
    names = []
    for folder in ("checkpoints", "replay"):
        try:
            entries = list(os.scandir(run / folder))
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.name.endswith(".tmp"):
                names.append(entry.name)
            elif folder == "checkpoints" and not os.path.exists(entry.path + "/manifest.json"):
                names.append(entry.name)
    return names


def reached(run):
    """The last env_step that progress.csv tells of."""
    try:
        lines = (run / "progress.csv").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return max((int(line.split(",")[0]) for line in lines[1:] if line.count(",") > 10), default=0)


def kill_somewhere(process, run, log, life_s, rng):
    """SIGKILL at a random time, or while a checkpoint is being written. False: it ended by itself."""
    if rng.random() < 0.9:  # the others may come while it starts
        while process.poll() is None and BEGUN not in log.read_text():
            time.sleep(0.005)
    aimed = rng.random() < 0.6
    give_up = time.monotonic() + (3 * life_s + 0.3 if aimed else rng.uniform(0, life_s))
    skip = rng.randrange(4)
    was_writing = False
    while time.monotonic() < give_up and process.poll() is None:
        if aimed:
            writing = bool(unfinished(run))
            if writing and not was_writing:
                skip -= 1
                if skip < 0:
                    time.sleep(rng.choice([0, 0, rng.uniform(0, 0.003)]))
                    break
            was_writing = writing
        else:
            time.sleep(0.001)
    if process.poll() is not None:
        return False
    process.send_signal(signal.SIGKILL)
    process.wait()
    return True


def check_resume(output, interval, known, came_to, was_writing, tally, where):
    """`known`: the newest checkpoint that had been reported complete; `came_to`: the last env_step that
    the killed process told of; `was_writing`: it had begun another checkpoint and not finished it.

    A run goes on from no more than an interval before it was killed, unless the disk was too slow to
    finish the checkpoint that was due while training waited for it (30 ms); then training went on
    beside it, at most to the next."""
    found = re.search(r"resumed from checkpoint \S+ at env_step (\d+)", output)
    began = int(found.group(1)) if found else 0
    if "is passed over" in output:
        tally.problem(f"{where}: a checkpoint was passed over")
    if began < known:
        tally.problem(f"{where}: began at {began}, checkpoint {known} had been complete")
    if came_to - began > (2 * interval if was_writing else interval):
        tally.problem(f"{where}: began at {began}, more than an interval before {came_to}")
    elif came_to - began > interval:
        tally.past_an_interval += 1
        tally.furthest = max(tally.furthest, (came_to - began) / interval)


def forget_stream(run):
    """What a checkpoint would be that lacked the stream of sampling: its position is 0 again."""
    newest = max(path for path in (run / "checkpoints").iterdir() if (path / "manifest.json").exists())
    state = bytearray((newest / "state.bin").read_bytes())
    name = b"stream/sample"
    at = state.index(struct.pack("<Q", len(name)) + name) + 8 + len(name)
    size = struct.unpack_from("<Q", state, at)[0]
    state[at + 8:at + 8 + size] = bytes(size)
    (newest / "state.bin").write_bytes(state)
    manifest = (newest / "manifest.json").read_text()
    head, tail = manifest.split('"state.bin"')
    tail = re.sub(r'"xxh3": "[0-9a-f]{16}"', f'"xxh3": "{xxhash.xxh3_64_hexdigest(bytes(state))}"', tail, count=1)
    body = (head + '"state.bin"' + tail).rsplit(',\n  "xxh3"', 1)[0]
    (newest / "manifest.json").write_text(body + f',\n  "xxh3": "{xxhash.xxh3_64_hexdigest(body.encode())}"\n}}\n')


def events(run):
    """(tag, step) -> value of all event files, later ones on top; without times."""
    values = {}
    for path in sorted(run.glob("events.out.tfevents.*"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                if not value.tag.startswith("time/"):
                    number = value.tensor.float_val[0] if value.HasField("tensor") else value.simple_value
                    if (value.tag, event.step) in values:
                        raise ValueError(f"{value.tag} at {event.step} is there twice")
                    values[value.tag, event.step] = struct.pack("<f", number)
    return values


def result(run):
    """Everything that may not depend on interruptions."""
    newest = max(path for path in (run / "checkpoints").iterdir() if (path / "manifest.json").exists())
    files = {name: (newest / name).read_bytes()
             for name in ("network.safetensors", "target.safetensors", "optimizer.safetensors", "state.bin",
                          "replay_tail")}
    inspected = subprocess.run([PROGRAM, "inspect", newest, "--digest", "--json"], capture_output=True, text=True)
    if inspected.returncode != 0:
        raise ValueError(f"dqnd inspect: {inspected.stdout}{inspected.stderr}")
    files["digest"] = re.search(r'"digest":(\{.*?\})', inspected.stdout).group(1)
    files["evaluations.csv"] = (run / "evaluations.csv").read_text()
    files["progress.csv"] = [{key: value for key, value in row.items() if key not in ("time/time_elapsed", "time/fps")}
                             for row in csv.DictReader((run / "progress.csv").open())]
    files["events"] = events(run)
    return files


def torture(name, seed, kills, folder, tally, self_check):
    """One run, killed up to `kills` times, against an untouched one. Returns how many kills were left."""
    size = SIZES[name]
    rng = random.Random(f"{name} {seed}")
    total = min(size["total"], size["interval"] * (10 + 4 * kills))  # no longer than the kills need
    config = folder / f"{name}.yaml"
    config.write_text(("run: {{}}\n" + RUNS[name] + COMMON).format(
        total=total, interval=size["interval"], evaluation=size["interval"] * 5 // 2,
        report=size["interval"] // 3, seconds=rng.choice(["~", "1"])))
    base = folder / f"{name}-{seed}"
    with open(folder / "untouched.log", "wb") as log:
        if command(config, base / "untouched", seed, log).wait() != 0:
            raise SystemExit((folder / "untouched.log").read_text())
    run = base / "killed" / "run"
    known = came_to = 0
    was_writing = forgotten = False
    ended = False
    life = 0
    while not ended:
        life += 1
        log_path = folder / "life.log"
        with open(log_path, "wb") as log:
            process = command(config, base / "killed", seed, log)
            # A slow machine may need more kills until there is a checkpoint whose stream can be damaged.
            if kills > 0 or (self_check and not forgotten):
                ended = not kill_somewhere(process, run, log_path, size["life_s"], rng)
            else:
                process.wait()
                ended = True
        output = log_path.read_text()
        where = f"{name}, seed {seed}, life {life}"
        # A process that was killed before it said where it begins says nothing about that.
        if BEGUN in output and not self_check:
            check_resume(output, size["interval"], known, came_to, was_writing, tally, where)
        if ended:
            if process.returncode != 0:
                tally.problem(f"{where}: status {process.returncode}\n{output}")
                return kills
            break
        kills -= 1
        tally.kills += 1
        was_writing = bool(unfinished(run))
        tally.while_writing += was_writing
        known = max([known] + [int(number) for number in re.findall(r"checkpoint (\d+) is complete", output)])
        came_to = max(known, reached(run))
        if self_check and known:
            forget_stream(run)
            forgotten = True
    tally.runs += 1
    expected, actual = result(base / "untouched" / "run"), result(run)
    differing = [key for key in expected if expected[key] != actual[key]]
    if differing:
        tally.differing += 1
        print(f"{name}, seed {seed}: {', '.join(differing)} differ", flush=True)
    shutil.rmtree(base)
    return kills


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--self-check", action="store_true")
    arguments = parser.parse_args()
    tally = Tally()
    shares = sum(SIZES[name]["share"] for name in arguments.runs)
    with tempfile.TemporaryDirectory(prefix="dqnd_torture_") as folder:
        for name in arguments.runs:
            left = round(arguments.kills * SIZES[name]["share"] / shares)
            seed = 0
            while left > 0:
                seed += 1
                left = torture(name, seed, left, pathlib.Path(folder), tally, arguments.self_check)
                print(f"{name}, seed {seed}: {tally.kills} kills so far, {tally.while_writing} while a checkpoint was "
                      f"being written", flush=True)
    share = tally.while_writing / max(1, tally.kills)
    print(f"{tally.kills} kills in {tally.runs} runs, {tally.while_writing} ({100 * share:.0f} %) while a checkpoint "
          f"was being written; {tally.differing} runs differed, {len(tally.problems)} resumes were wrong. "
          f"{tally.past_an_interval} kills cost more than an interval, since the disk was slow to finish the "
          f"checkpoint that was due (at most {tally.furthest:.2f} intervals).")
    if arguments.self_check:
        print("the self-check", "found" if tally.differing else "DID NOT FIND", "the missing stream")
        return 0 if tally.differing else 1
    if share < 0.2:
        print("too few kills hit a checkpoint: at least a fifth must")
    return 1 if tally.differing or tally.problems or share < 0.2 else 0


if __name__ == "__main__":
    sys.exit(main())
