#!/usr/bin/env python3
"""containers/slurm.sbatch under a real Slurm: a cluster on loopback, which this program starts and ends. Jobs whose
time ends, that are requeued or preempted end with the bits of a run without Slurm; those that are wrong, fail or are
cancelled end as they should.

    slurm.py

Takes about a minute. Exits 77 without root or Slurm's programs."""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("DQND_BIN", ROOT / "build/release/bin")).resolve()
SKIPPED = 77

RUN = """
run: {name: run}
environment: {id: catch}
network: {architecture: mlp, hidden_sizes: [32]}
replay: {buffer_size: 20000}
train: {total_env_steps: 200000, learning_starts: 200, target_update_interval: 100, threads: 1}
optimizer: {name: adam, learning_rate: 1.0e-3}
evaluation: {every_env_steps: 40000, episodes: 5}
checkpoint: {every_env_steps: 8000}
metrics: {console: false}
server: {listen: "127.0.0.1:0"}
"""

# cred_expire: a requeued job waits so many seconds; fewer are refused. config_overrides: the nodes have the processors
# that are said here. Jobs of the partition urgent take the node "lent" from those of the partition lent.
CLUSTER = """
ClusterName=dqndtest
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/spool.%n
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmdParameters=config_overrides
ReturnToService=2
NodeName=own NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=16 RealMemory=65536
NodeName=lent NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=65536
PartitionName=own Nodes=own Default=YES
PartitionName=lent Nodes=lent PriorityTier=1
PartitionName=urgent Nodes=lent PriorityTier=2
"""


def until(condition, what, seconds=240):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return found


def free_ports(number):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def adopt_orphans():
    """From now on whatever a process of ours leaves behind becomes a child of this one."""
    pr_set_child_subreaper = 36
    assert ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0) == 0


def children():
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                yield int(stat.parent.name)


def end_children():
    """Kills all that was started and still runs: children, then theirs, which become ours."""
    while left := list(children()):
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


class Cluster:
    """munged, slurmctld and the slurmd of two nodes, all on loopback, with their files in one folder."""

    def __init__(self, folder):
        self.folder = folder
        folder.chmod(0o755)  # munged wants everybody to reach its socket
        (folder / "state").mkdir()
        (folder / "run.yaml").write_text(RUN)
        (folder / "slurm.conf").write_text(
            CLUSTER.format(folder=folder, host=socket.gethostname().partition(".")[0], ports=free_ports(3)))
        self.daemons = []
        (folder / "munge.key").touch(0o600)
        (folder / "munge.key").write_bytes(os.urandom(128))
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SBATCH"))}
        self.environment = {**outside, "SLURM_CONF": str(folder / "slurm.conf"), "DQND": str(PROGRAMS / "dqnd")}

        munge = folder / "munge"
        self.daemon("munged", "--foreground", f"--key-file={munge}.key", f"--socket={munge}.socket",
                    f"--pid-file={munge}.pid", f"--seed-file={munge}.seed")
        until((folder / "munge.socket").exists, "munged listens")
        self.daemon("slurmctld", "-D")
        for node in ("own", "lent"):
            self.daemon("slurmd", "-D", "-N", node)
        until(self.ready, "the nodes are there")

    def daemon(self, *command):
        with open(self.folder / f"{command[0]}.out", "ab") as out:
            self.daemons.append(
                subprocess.Popen(command, env=self.environment, stdout=out, stderr=out, cwd=self.folder))

    def ready(self):
        for each in self.daemons:
            assert each.poll() is None, (self.folder / f"{each.args[0]}.out").read_text()
        nodes = self.ask("sinfo", "--noheader", "--Node", "--format=%N %t", "--partition=own,lent", expect=None)
        return nodes.split() == ["lent", "idle", "own", "idle"]

    def ask(self, *command, expect=0, **variables):
        done = subprocess.run(list(map(str, command)), env={**self.environment, **variables}, capture_output=True,
                              text=True, timeout=60, cwd=self.folder)
        assert expect is None or done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def submit(self, name, *overrides, options=(), **variables):
        """A job that trains in a folder of its name."""
        number = int(self.ask("sbatch", "--parsable", *options, ROOT / "containers/slurm.sbatch", "run.yaml",
                              f"run.directory={name}", *overrides, **variables))
        return Job(self, number, self.folder / name / "run")


class Job:
    def __init__(self, cluster, number, run):
        self.cluster, self.number, self.run = cluster, number, run

    def field(self, name):
        """JobState, Restarts, ExitCode and others, under the names of `scontrol show job`."""
        shown = self.cluster.ask("scontrol", "--oneliner", "show", "job", self.number)
        return re.search(rf"\b{name}=(\S*)", shown)[1]

    def log(self):
        return (self.cluster.folder / f"slurm-{self.number}.out").read_text()

    def statuses(self):
        """What dqnd ended with, start by start."""
        return [int(each) for each in re.findall("dqnd ended with status ([0-9]+)", self.log())]

    def saves(self):
        """Waits until there is one more checkpoint."""
        def checkpoints():
            return sorted(self.run.glob("checkpoints/*/manifest.json"))
        before = checkpoints()
        until(lambda: checkpoints() != before, f"job {self.number} saves")

    def ends(self, state):
        ended = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT")
        until(lambda: self.field("JobState") in ended, f"job {self.number} ends")
        assert self.field("JobState") == state, (self.field("JobState"), self.log())
        assert int(self.field("Restarts")) == len(self.statuses()) - 1, self.log()
        return self.statuses()


def digest(run):
    done = subprocess.run([PROGRAMS / "dqnd", "inspect", run, "--digest", "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]["digest"]


def check(cluster):
    wrong = cluster.submit("wrong", "train.gamma=7")
    failing = cluster.submit("failing", DQND="false", DQND_RESTARTS="1")

    # Slurm looks twice a minute for jobs whose time ends. Paused, this one is not complete before.
    timed = cluster.submit("timed", options=["--time=1"])
    timed.saves()
    cluster.ask(PROGRAMS / "dqnctl", "--run", timed.run, "pause")

    taken = cluster.submit("taken", options=["--partition=lent"])
    taken.saves()
    cluster.ask("scontrol", "requeue", taken.number)
    until(lambda: taken.statuses() == [75], "a requeued job stops")
    taken.saves()
    cluster.ask("sbatch", "--partition=urgent", "--exclusive", "--wrap=true")
    until(lambda: taken.statuses() == [75, 75], "a preempted job stops")

    assert wrong.ends("FAILED") == [2] and wrong.field("ExitCode") == "2:0", wrong.log()
    print("a wrong configuration fails with status 2 and is not tried again", flush=True)
    assert failing.ends("FAILED") == [1, 1] and failing.field("ExitCode") == "1:0", failing.log()
    print("one that fails is tried again as often as DQND_RESTARTS says", flush=True)

    cancelled = cluster.submit("cancelled", "train.total_env_steps=100000000")
    cancelled.saves()
    cluster.ask("scancel", cancelled.number)
    assert cancelled.ends("CANCELLED") == [75], cancelled.log()
    print("one that is cancelled saves, and stays cancelled", flush=True)

    reference = subprocess.run([PROGRAMS / "dqnd", "train", "run.yaml", "run.directory=reference", "server.listen=~"],
                               cwd=cluster.folder, capture_output=True, text=True)
    assert reference.returncode == 0, reference.stderr
    expected = digest(cluster.folder / "reference/run")
    assert taken.ends("COMPLETED") == [75, 75, 0] and digest(taken.run) == expected, taken.log()
    print("one that is requeued and preempted ends with the bits of a run without Slurm", flush=True)
    *stopped, last = timed.ends("COMPLETED")
    assert stopped and set(stopped) == {75} and last == 0 and digest(timed.run) == expected, timed.log()
    print("so does one whose time ends", flush=True)


def main():
    programs = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "scancel", "sinfo")
    if os.geteuid() != 0 or not all(map(shutil.which, programs)):
        print("slurm.py needs root and Slurm: apt-get install slurmctld slurmd slurm-client munge", file=sys.stderr)
        return SKIPPED
    adopt_orphans()
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        stack.callback(end_children)
        check(Cluster(pathlib.Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
