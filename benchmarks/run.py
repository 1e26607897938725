#!/usr/bin/env python3
"""Runs the micro-benchmarks, then whole runs of dqnd, and prints their env_steps/s.

    ./dev bench                    everything
    ./dev bench --micro            the micro-benchmarks alone
    ./dev bench --runs             whole runs alone: each workload, median of three
    ./dev bench --runs breakout    one workload
    ./dev bench --parts            a cycle's parts beside their floors: see benchmarks/parts.cc
    ./dev bench --peers            whole runs beside other libraries: see benchmarks/side_by_side.py
    ./dev bench --scaling          how the cost of a run grows: see benchmarks/scaling.py

Whole runs are those of --peers. --threads sets train.threads; `auto` is what a user gets by default.
"""

import argparse
import json
import statistics
import subprocess

from side_by_side import WORKLOADS, time_dqnd
from timed_run import ROOT

PROGRAMS = ROOT / "build" / "release" / "bin"


def whole_run(name, threads):
    envs, env_steps_per_update, _, settings, _ = WORKLOADS[name]
    rates = [time_dqnd([*settings, f"train.threads={threads}"], envs, env_steps_per_update, seconds=5)["env_steps_per_s"]
             for _ in range(3)]
    return {"workload": name, "env_steps_per_s": statistics.median(rates), "min": min(rates), "max": max(rates)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--micro", action="store_true")
    parser.add_argument("--runs", nargs="*", metavar="WORKLOAD", choices=list(WORKLOADS))
    parser.add_argument("--threads", default="auto")
    arguments = parser.parse_args()
    everything = not arguments.micro and arguments.runs is None
    if arguments.micro or everything:
        for program in sorted(PROGRAMS.glob("*_benchmark")):
            subprocess.run([program], check=True)
    if arguments.runs is not None or everything:
        for workload in arguments.runs or WORKLOADS:
            print(json.dumps(whole_run(workload, arguments.threads)), flush=True)


if __name__ == "__main__":
    main()
