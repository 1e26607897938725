"""Where measurements go: docs/performance/PROCESSOR/NAME.json, so that those of different processors are not mixed."""

import json
import os
import platform
import re
import subprocess

from timed_run import ROOT


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return re.sub(r"\((R|TM)\)|\bCPU\b|\bProcessor\b|@.*", "", line.partition(": ")[2]).strip()
    return platform.machine()


def file_of(name):
    return ROOT / "docs/performance" / "-".join(processor().lower().split()) / f"{name}.json"


def load(name):
    """The results that this processor has of it; None."""
    return json.loads(file_of(name).read_text())["results"] if file_of(name).exists() else None


def save(name, results):
    file_of(name).parent.mkdir(parents=True, exist_ok=True)
    summary = {"processor": processor(), "processors": len(os.sched_getaffinity(0)), "results": results}
    file_of(name).write_text(json.dumps(summary, indent=1) + "\n")


def draw(name):
    subprocess.run([ROOT / "tools/dependencies/fetch", "torch_peers", ROOT / "build/deps"], check=True)
    subprocess.run([ROOT / "build/deps/torch_peers/bin/python", ROOT / "benchmarks/plots.py", file_of(name)], check=True)
