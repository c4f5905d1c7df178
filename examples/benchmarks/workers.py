"""Measures how much faster a dataset is recorded by several workers, each on a core of its own.

    python examples/benchmarks/workers.py --workers 1 2 --out examples/benchmarks/results/workers_cpu.json

Runs `simgen generate pick_cube --random N --workers W` in turns (1, 2, ..., 1, 2, ...), prints frames per second and
their ratio to one worker's, and writes them with the machine. One worker has one core too: the whole command is bound
to as many cores as it has workers. Building and compiling do not count; writing does.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from simgen.machine import machine


def frames_per_second(task: str, workers: int, random: int, num_envs: int) -> float:
    """Records a dataset with so many workers on as many cores."""
    cores = sorted(os.sched_getaffinity(0))[:workers]
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "simgen.cli", "generate", task, "--out", f"{folder}/dataset", "--random", str(random),
            "--num-envs", str(num_envs), "--workers", str(workers), "--json",
        ]  # fmt: skip
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, cores)
        )
    return float(json.loads(done.stdout.splitlines()[-1])["frames_per_second"])


def summary(rates: dict[int, list[float]]) -> dict[str, Any]:
    """Returns medians and spread, and the ratios to the fewest workers in the same turn."""
    fewest = min(rates)
    result = {}
    for workers, values in rates.items():
        ratios = [value / one for value, one in zip(values, rates[fewest], strict=True)]
        result[str(workers)] = {
            "frames_per_second": statistics.median(values),
            "lowest": min(values),
            "highest": max(values),
            "ratio": statistics.median(ratios),
            "ratios": ratios,
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="pick_cube")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--random", type=int, default=256, help="episodes of each run")
    parser.add_argument("--num-envs", type=int, default=64, help="worlds of each worker")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    usable = len(os.sched_getaffinity(0))
    if max(arguments.workers) > usable:
        parser.error(f"{max(arguments.workers)} workers need a core each; this process may use {usable}")
    rates: dict[int, list[float]] = {workers: [] for workers in sorted(set(arguments.workers))}
    for repeat in range(arguments.repeats):
        for workers in rates:
            rates[workers].append(frames_per_second(arguments.task, workers, arguments.random, arguments.num_envs))
            print(
                f"{repeat + 1}/{arguments.repeats}: {workers} workers: {rates[workers][-1]:,.0f} frames/s", flush=True
            )
    result = {
        "command": " ".join(["python", *sys.argv]),
        "task": arguments.task,
        "random": arguments.random,
        "num_envs": arguments.num_envs,
        "repeats": arguments.repeats,
        "workers": summary(rates),
        "machine": machine(),
    }
    for workers, values in result["workers"].items():
        print(f"{workers} workers: {values['frames_per_second']:,.0f} frames/s, {values['ratio']:.2f} x")
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
