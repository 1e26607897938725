"""The bundle of containers/bundle where nothing else is: sessions of a hosted notebook, with the run on a mounted drive."""

import contextlib
import os
import shutil
import signal
import subprocess

from engine import PROGRAMS, ROOT, command, digest, until


@contextlib.contextmanager
def an_empty_machine(folder):
    """A root with a shell, our bundle, and a drive that is mounted from elsewhere (FUSE, as notebooks have it)."""
    with open(folder / "dqnd.tar.gz", "wb") as file:
        subprocess.run([ROOT / "containers/bundle"], stdout=file, stderr=subprocess.DEVNULL, check=True)
    root, drive = folder / "root", folder / "drive"
    for each in (drive, root / "bin", root / "dev", root / "tmp", root / "proc", root / "drive"):
        each.mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin")
    for name in ("sh", "dirname", "readlink"):
        (root / "bin" / name).symlink_to("busybox")
    subprocess.run(["tar", "-xf", folder / "dqnd.tar.gz", "-C", root], check=True)
    print(f"containers/bundle: {(folder / 'dqnd.tar.gz').stat().st_size / 1e6:.0f} MB, unpacked "
          f"{sum(each.stat().st_size for each in (root / 'dqnd').rglob('*') if each.is_file()) / 1e6:.0f} MB", flush=True)
    os.mknod(root / "dev/urandom", 0o666 | 0o020000, os.makedev(1, 9))
    with contextlib.ExitStack() as mounted:
        for mount in (["mount", "-t", "proc", "proc", root / "proc"], ["bindfs", drive, root / "drive"]):
            subprocess.run(mount, check=True)
            mounted.callback(subprocess.run, ["umount", "--lazy", mount[-1]], check=True)
        yield root


def goes_on_in_the_next_session(trainers):
    (trainers.folder / "run.yaml").write_text(trainers.config_text().replace("60000", "200000").replace("0.0.0.0:50051", "127.0.0.1:0"))
    reference = trainers.folder / "reference"
    done = command(PROGRAMS / "dqnd", "train", trainers.folder / "run.yaml", f"run.directory={reference}", "server.listen=~")
    assert done.returncode == 0, done.stderr
    with an_empty_machine(trainers.folder) as root:
        shutil.copy(trainers.folder / "run.yaml", root)
        train = ["chroot", root, "/dqnd/bin/dqnd", "train", "/run.yaml", "run.directory=/drive"]
        ended = command(*train, "run.max_wall_time=2s", "run.stop_grace_seconds=1")
        assert ended.returncode == 75 and "stopped by run.max_wall_time" in ended.stdout, ended.stdout + ended.stderr

        checkpoints = root / "drive/run/checkpoints"
        before = sorted(checkpoints.iterdir())
        session = subprocess.Popen(list(map(str, train)), stdout=subprocess.DEVNULL)  # which is cut off
        until(lambda: sorted(checkpoints.iterdir()) != before, "a checkpoint of the second session")
        session.send_signal(signal.SIGKILL)
        session.wait()

        ended = command(*train)
        assert ended.returncode == 0 and "resumed from checkpoint" in ended.stdout, ended.stdout + ended.stderr
        assert digest(root / "drive/run") == digest(reference / "run")
        roms = command("chroot", root, "/dqnd/bin/dqnd", "envs", "ale:pong")
        assert roms.returncode == 0 and "160 x 210" in roms.stdout, roms.stdout + roms.stderr
    print("three sessions on a machine with nothing but a shell, the run on a mounted drive: the same bits", flush=True)
