"""Where measurements go: docs/performance/PROCESSOR/NAME.json, so that those of different processors are not mixed."""

import json
import os
import platform
import re
import subprocess

from timed_run import ROOT


# What a virtual machine calls by one name, told apart by vendor, family and model.
GENERATIONS = {
    ("AuthenticAMD", "25", "17"): "Zen 4",
    ("AuthenticAMD", "26", "2"): "Zen 5",
    ("GenuineIntel", "6", "207"): "Emerald Rapids",
}


def processor():
    """Its name and generation: AMD EPYC, Zen 4; AMD EPYC, family 26 model 17, where nobody has named it above."""
    lines = [line.partition(":") for line in open("/proc/cpuinfo")] if os.path.exists("/proc/cpuinfo") else []
    facts = {key.strip(): value.strip() for key, _, value in reversed(lines)}
    if "model name" not in facts:
        return platform.machine()
    name = re.sub(r"\((R|TM)\)|\bCPU\b|\bProcessor\b|@.*", "", facts["model name"]).strip()
    family, model = facts.get("cpu family"), facts.get("model")
    return f"{name}, " + GENERATIONS.get((facts.get("vendor_id"), family, model), f"family {family} model {model}")


def file_of(name):
    return ROOT / "docs/performance" / re.sub(r"\W+", "-", processor().lower()) / f"{name}.json"


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
