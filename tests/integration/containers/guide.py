"""docs/containers.md: every command in it is run, in its order, unless a comment above it says why not."""

import os
import re
import subprocess

from engine import PROGRAMS, ROOT

GUIDE = ROOT / "docs/containers.md"


def blocks(text):
    """The indented blocks of shell commands, each with the comment right above it."""
    found = re.findall(r"(?:<!-- (.*?) -->\n)?\n((?:    .*\n|\n(?=    ))+)", text)
    return [(comment, re.sub("^    ", "", code, flags=re.MULTILINE)) for comment, code in found]


def every_command_works(trainers):
    environment = os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(trainers.folder)}
    ran = 0
    for comment, code in blocks(GUIDE.read_text()):
        if comment:
            continue
        ran += 1
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True,
                              timeout=1800)
        assert done.returncode == 0, f"{code}\nstatus {done.returncode}\n{done.stdout}{done.stderr}"
    assert ran > 5, "the guide has lost its commands"
    print(f"docs/containers.md: {ran} blocks of commands work as they stand", flush=True)
