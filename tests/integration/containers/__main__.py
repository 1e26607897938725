"""Builds the images of containers/ and runs, watches, stops, kills and resumes what is in them, under podman and a store
of its own (build/containers).

    python3 tests/integration/containers [--short] [--only WORD ...] [--base debootstrap | --base IMAGE]

--short is what ./dev test runs. --only takes the parts with such a word in their name. Exits 77 without root or what
tools/dependencies/debian-containers.txt names."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import engine

NEEDED = ["podman", "buildah", "debootstrap", "netavark", "catatonit"]


def parts(short):
    """What is done, in this order."""
    import bad_input
    import survival

    yield survival.stops_within_ten_seconds
    yield survival.goes_on_to_the_same_bits
    yield bad_input.refuses_a_run_that_would_vanish
    yield bad_input.refuses_a_volume_that_is_not_its_own
    yield bad_input.refuses_a_memory_that_is_too_small
    if short:
        return
    import deployment
    import games
    import guide
    import hosts
    import notebook

    yield survival.keeps_within_its_memory
    yield bad_input.survives_a_full_volume
    yield bad_input.says_that_a_port_is_in_use
    yield bad_input.needs_no_shared_memory
    yield games.play_beside_the_trainer
    yield from deployment.PARTS
    yield from hosts.PARTS
    yield notebook.goes_on_in_the_next_session
    yield guide.every_command_works


def build(arguments, image, *what):
    subprocess.run([engine.ROOT / "containers/build", *what, f"--base={arguments.base}", f"--tag={image}"], check=True)
    size = int(engine.podman("image", "inspect", image, "--format", "{{.Size}}").stdout)
    print(f"{image}: {size / 1e6:.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD")
    parser.add_argument("--base", default="debootstrap")
    arguments = parser.parse_args()
    missing = [name for name in NEEDED if not shutil.which(name) and not pathlib.Path("/usr/lib/podman", name).exists()]
    if os.geteuid() != 0 or missing:
        print("skipped: needs root and the packages of tools/dependencies/debian-containers.txt", *missing, file=sys.stderr)
        return 77
    engine.use_own_store()
    build(arguments, "dqnd")
    if not arguments.short:
        build(arguments, "dqnd-games", "games")
    with tempfile.TemporaryDirectory() as folder, engine.a_clean_table():
        for number, part in enumerate(parts(arguments.short)):
            if not any(word in part.__name__ for word in arguments.only):
                continue
            own = pathlib.Path(folder, str(number))
            own.mkdir()
            began = time.monotonic()
            part(engine.Trainers("dqnd", own))
            engine.remove_everything()
            print(f"  {part.__name__} ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
