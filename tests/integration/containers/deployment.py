"""The deployment files, each played by what plays it, as far as this machine has that; the rest by its linter."""

import os
import re
import shutil
import signal
import subprocess
import sys

import yaml

from engine import ROOT, STORE, command, dqnctl, free_port, link_of, logs, new_volume, path, podman, status, until

FILES = ROOT / "containers"


def linters():
    """The folder of the programs that check what only a cluster can play."""
    folder = STORE / "linters"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "kubernetes-validate==1.37.0", "compose-spec==0.2.1"], check=True)
        (folder / "complete").touch()
    return folder / "bin"


def works(*arguments, **options):
    done = command(*arguments, **options)
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def kill_its_process(container):
    """As the machine would: podman does not know that anybody wanted it."""
    os.kill(int(podman("inspect", container, "--format", "{{.State.Pid}}").stdout), signal.SIGKILL)


def compose(*arguments, files=("compose.yaml",), **variables):
    named = [part for file in files for part in ("-f", FILES / file)]
    return works("podman-compose", "-p", "dqnd", *named, *arguments, env=os.environ | variables)


def compose_trains(trainers):
    variables = {"DQND_CONFIG": str(trainers.folder / "run.yaml"), "DQND_PORT": str(free_port())}
    compose("up", "--detach", **variables)
    name = podman("ps", "--format", "{{.Names}}", "--filter", "name=train").stdout.strip()
    volume = next(each for each in podman("volume", "ls", "--quiet").stdout.split() if each.endswith("_runs"))
    until(lambda: "checkpoint 4000 is complete" in logs(name), "a checkpoint")
    link = link_of(path(volume) / "run", f"127.0.0.1:{trainers.port(name)}")
    assert dqnctl(link, "status", "--once").returncode == 0
    kill_its_process(name)
    until(lambda: "complete: 60000 env_steps" in logs(name), "started again by itself, it comes to its end")
    assert "resumed from checkpoint" in logs(name), logs(name)
    compose("down", **variables)
    print("compose.yaml: podman-compose starts it; killed, it is started again and comes to its end", flush=True)


def compose_trains_on_games(trainers):
    config = trainers.folder / "cartpole.yaml"
    config.write_text((ROOT / "configs/classic/cartpole.yaml").read_text().replace("classic:cartpole", "remote:unix:/games/socket"))
    variables = {"DQND_CONFIG": str(config), "DQND_PORT": str(free_port()), "DQND_GAME": "gymnasium:CartPole-v1"}
    both = ("compose.yaml", "compose.games.yaml")
    compose("up", "--detach", files=both, **variables)
    name = podman("ps", "--format", "{{.Names}}", "--filter", "name=train").stdout.strip()
    until(lambda: "evaluation 1 at" in logs(name), "it plays what the other container holds", seconds=240)
    compose("down", files=both, **variables)
    print("compose.games.yaml: the trainer's games are played in the container beside it", flush=True)


def compose_files_are_compose_files(_):
    load = "import sys, compose_spec; compose_spec.PyCompose.from_yaml(sys.stdin.read()).validate()"
    for file in ("compose.yaml", "compose.games.yaml"):
        defaults = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (FILES / file).read_text())
        defaults = defaults.replace("on-failure:20", "on-failure")  # the specification has the number; this reader does not
        works(linters() / "python", "-c", load, input=defaults)
        misspelt = defaults.replace("read_only:", "readonly:")
        assert command(linters() / "python", "-c", load, input=misspelt).returncode != 0
    print("compose-spec reads both compose files", flush=True)


def kubernetes_documents():
    return list(yaml.safe_load_all((FILES / "kubernetes.yaml").read_text()))


def kubernetes_schema_holds(trainers):
    validate = [linters() / "kubernetes-validate", "--strict", "-k", "1.31"]
    works(*validate, FILES / "kubernetes.yaml")
    misspelt = trainers.folder / "misspelt.yaml"
    misspelt.write_text((FILES / "kubernetes.yaml").read_text().replace("onExitCodes:", "onExitCode:"))
    assert command(*validate, misspelt).returncode != 0
    print("kubernetes.yaml: the schema of 1.31 holds, strictly", flush=True)


def kubernetes_pod_trains(trainers):
    """Its pod template, configuration and claim, played by podman."""
    configuration, claim, job = kubernetes_documents()
    configuration["data"]["run.yaml"] = trainers.config_text()
    template = job["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "dqnd", **template["metadata"]}, "spec": template["spec"]}
    pod["spec"]["containers"][0]["args"] += ["train.total_env_steps=100000000"]
    played = trainers.folder / "pod.yaml"
    for begins, documents in (("n_envs 1", [configuration, claim, pod]), ("resumed from checkpoint", [configuration, pod])):
        played.write_text(yaml.safe_dump_all(documents))
        podman("kube", "play", "--replace", played)
        name = "dqnd-dqnd"
        until(lambda: begins in logs(name) and "is complete" in logs(name), begins)
        podman("healthcheck", "run", name)
        podman("pod", "stop", "--time", "60", "dqnd")
        assert status(name) == 75, logs(name)
    print("kubernetes.yaml: its pod trains, is healthy, stops with status 75 and goes on", flush=True)


# The trainer with a systemd, which is not started as its entry point.
SYSTEMD_IMAGE = """
FROM localhost/dqnd
USER 0
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends systemd dbus > /dev/null
STOPSIGNAL SIGRTMIN+3
HEALTHCHECK NONE
ENTRYPOINT []
"""


def build(tag, containerfile, folder):
    (folder / "Containerfile").write_text(containerfile)
    works(FILES / "build", "--with=podman", f"--file={folder / 'Containerfile'}", f"--tag={tag}", "--base=localhost/dqnd")


class Machine:
    """One whose first process is systemd."""

    def __init__(self, image, *options):
        podman("run", "--detach", "--name", "machine", "--systemd=always", "--privileged", *options, image, "/lib/systemd/systemd")
        # degraded: it may load no kernel modules here
        until(lambda: self.systemctl("is-system-running", expect=None).strip() in ("running", "degraded"), "systemd is up", seconds=30)

    @staticmethod
    def run(*arguments, expect=0):
        return podman("exec", "machine", *arguments, expect=expect).stdout

    def systemctl(self, *arguments, expect=0):
        return self.run("systemctl", *arguments, expect=expect)

    def show(self, unit, name):
        return self.systemctl("show", unit, "--property", name, "--value").strip()

    def is_restarted(self, unit, restarts):
        until(lambda: self.show(unit, "NRestarts") == str(restarts), f"restart {restarts}")
        until(lambda: self.show(unit, "ActiveState") == "active", "it is ready again")

    def journal(self, unit):
        return self.run("journalctl", "--unit", unit, "--output", "cat", "--no-pager")


def systemd_unit_is_verified(trainers):
    unit = trainers.folder / "dqnd@.service"
    unit.write_text((FILES / "dqnd@.service").read_text().replace("/opt/dqnd/bin/dqnd", sys.executable))
    said = works("systemd-analyze", "verify", unit)
    assert "dqnd@" not in said, said
    exposed = works("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    level = float(re.search(r"exposure level for \S+: ([0-9.]+)", exposed)[1])
    assert level < 3, exposed
    print(f"dqnd@.service: systemd-analyze verify has no remark, and calls its exposure {level}", flush=True)


def systemd_keeps_it_alive(trainers):
    (trainers.folder / "wrong.yaml").write_text(trainers.config_text().replace("train: {", "train: {gamma: 7, "))
    (trainers.folder / "long.yaml").write_text(trainers.config_text().replace("60000", "100000000"))
    build("dqnd-systemd", SYSTEMD_IMAGE, trainers.folder)
    machine = Machine("dqnd-systemd", "--volume", f"{trainers.folder}:/etc/dqnd:ro",
                      "--volume", f"{FILES}/dqnd@.service:/etc/systemd/system/dqnd@.service:ro",
                      "--volume", new_volume("state") + ":/var/lib")
    machine.systemctl("start", "dqnd@wrong", expect=1)
    assert (machine.show("dqnd@wrong", "Result"), machine.show("dqnd@wrong", "ExecMainStatus"), machine.show("dqnd@wrong", "NRestarts")) \
        == ("exit-code", "2", "0"), machine.journal("dqnd@wrong")

    machine.systemctl("start", "dqnd@long")
    until(lambda: "training at env_step" in machine.show("dqnd@long", "StatusText"), "it says where it stands")
    until(lambda: "is complete" in machine.journal("dqnd@long"), "a checkpoint")
    for restarts, kind in enumerate(("KILL", "TERM"), 1):  # the kernel; and somebody who is not systemd
        machine.systemctl("kill", "--kill-who=main", f"--signal={kind}", "dqnd@long")
        machine.is_restarted("dqnd@long", restarts)
    assert machine.journal("dqnd@long").count("resumed from checkpoint") == 2
    machine.systemctl("stop", "dqnd@long")
    said = machine.journal("dqnd@long").rpartition("Stopping dqnd@long")[2]
    assert "stopped by a signal" in said and "Deactivated successfully" in said, said  # 75 is no failure

    machine.run("sh", "-c", "mkdir -p /run/systemd/system/dqnd@long.service.d && "
                "printf '[Service]\\nWatchdogSec=4\\n' > /run/systemd/system/dqnd@long.service.d/watchdog.conf")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "dqnd@long")
    machine.systemctl("kill", "--kill-who=main", "--signal=STOP", "dqnd@long")
    until(lambda: "Watchdog timeout" in machine.journal("dqnd@long"), "the watchdog sees that it hangs")
    until(lambda: machine.journal("dqnd@long").count("resumed from checkpoint") == 4, "it is started again")
    machine.systemctl("stop", "dqnd@long")

    machine.systemctl("start", "dqnd@run")
    until(lambda: machine.show("dqnd@run", "ActiveState") == "inactive", "it comes to its end")
    machine.systemctl("start", "dqnd@run")  # at the next boot
    until(lambda: "is complete: it reached" in machine.journal("dqnd@run"), "it says that there is nothing to do")
    until(lambda: machine.show("dqnd@run", "ActiveState") == "inactive", "it ends again")
    said = machine.journal("dqnd@run")
    assert "complete: 60000 env_steps" in said and "restart" not in said and "Failed" not in said, said
    print("dqnd@.service under systemd: ready, killed, hung and restarted, stopped with 75, not restarted after 0 and 2", flush=True)


QUADLET_HERE = """
[Container]
# Here: these nested containers have cgroups of version 1, and few files and processes.
CgroupsMode=enabled
Ulimit=nofile=1024:1024
Ulimit=nproc=1000:1000
"""


def a_debian_with_quadlets():
    """Debian 13, whose podman has them; Debian 12's does not."""
    image = "localhost/dqnd-debian-13"
    if podman("image", "exists", image, expect=None).returncode != 0:
        mirror = works("sh", "-c", "apt-get indextargets --format '$(SITE) $(RELEASE)' | awk '$2 == \"bookworm\" {print $1; exit}'")
        works("debootstrap", "--variant=minbase", "--include=systemd,dbus,podman,crun,netavark,nftables", "trixie", STORE / "debian-13",
              *mirror.split())
        works("sh", "-c", f"tar -C {STORE}/debian-13 -c . | podman import --quiet - {image}")
        shutil.rmtree(STORE / "debian-13")
    return image


def a_quadlet_keeps_it_alive(trainers):
    quadlet = trainers.folder / "dqnd.container"
    quadlet.write_text((FILES / "dqnd.container").read_text() + QUADLET_HERE)
    (trainers.folder / "run.yaml").write_text(trainers.config_text().replace("60000", "400000"))
    machine = Machine(a_debian_with_quadlets(), "--volume", new_volume("nested") + ":/var/lib/containers",
                      "--volume", f"{trainers.folder}:/etc/dqnd:ro")
    works("sh", "-c", "podman save dqnd | podman exec --interactive machine podman load")
    machine.run("cp", "/etc/dqnd/dqnd.container", "/etc/containers/systemd/")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "dqnd")
    until(lambda: "training at env_step" in machine.show("dqnd", "StatusText"), "what the program says reaches systemd")
    until(lambda: "is complete" in machine.journal("dqnd"), "a checkpoint")
    machine.run("podman", "kill", "dqnd")
    machine.is_restarted("dqnd", 1)
    until(lambda: machine.show("dqnd", "ActiveState") == "inactive", "it comes to its end", seconds=240)
    said = machine.journal("dqnd")
    assert "resumed from checkpoint" in said and "complete: 400000 env_steps" in said, said
    print("dqnd.container under podman 5 and systemd: ready, killed and restarted, not restarted after its end", flush=True)


def slurm_requeues_it(_):
    print(works(sys.executable, ROOT / "tests/integration/slurm.py"), end="", flush=True)


PARTS = [compose_files_are_compose_files, compose_trains, compose_trains_on_games, kubernetes_schema_holds, kubernetes_pod_trains,
         systemd_unit_is_verified, systemd_keeps_it_alive, a_quadlet_keeps_it_alive,
         slurm_requeues_it]
