"""docs/containers.md: every command in it is run, in its order, unless a comment above it says why not."""

import os
import re
import subprocess
import time

from engine import PROGRAMS, ROOT

GUIDE = ROOT / "docs/containers.md"


def blocks(text):
    """The indented blocks of shell commands, each with the comment above it that says why it is left out; empty: it is not."""
    found = re.findall(r"(?:<!-- (.*?) -->\n)?\n((?:    .*\n|\n(?=    ))+)", text)
    return [(reason, re.sub("^    ", "", code, flags=re.MULTILINE).splitlines()) for reason, code in found]


def every_command_works(trainers):
    """Within ten seconds: a daemon that was started a line before needs a moment."""
    environment = os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}

    def run(line):
        return subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True,
                              timeout=1800)

    commands = [line for reason, lines in blocks(GUIDE.read_text()) for line in lines if not reason and line]
    assert len(commands) > 15, commands
    for line in commands:
        end = time.monotonic() + 10
        while (done := run(line)).returncode != 0 and time.monotonic() < end:
            time.sleep(0.5)
        assert done.returncode == 0, f"{line}\nstatus {done.returncode}\n{done.stdout}{done.stderr}"
    print(f"docs/containers.md: its {len(commands)} commands work as they stand", flush=True)
