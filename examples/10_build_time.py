"""How long 1,024 worlds with 100 different objects take to build: `python examples/10_build_time.py`.

Each world has one of a hundred procedural objects (ten kinds, ten drawn sizes each) and a camera. Kernels are compiled
before, by a build of two worlds. Counted is everything until the first observation is there; processor seconds are
given too, since those of the clock grow where other programs run. Prints and writes a JSON file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import simgen
from simgen.env.threads import one_torch_thread
from simgen.machine import commit, machine

KINDS = ("mug", "bowl", "bottle", "plate", "hexagon", "star", "cross", "l_shape", "t_shape", "wedge")


def task(seeds: int) -> dict[str, Any]:
    """Returns a task whose object is one of `seeds` drawn sizes of each kind."""
    thing = {
        "choose": [{kind: {}, "seeds": seeds} for kind in KINDS],
        "pose": {"on": "table", "xy": {"uniform": [[-0.1, -0.2], [0.1, 0.2]]}},
    }
    camera = {"eye": [0.5, 0, 0.5], "look_at": [0, 0, 0], "size": [64, 64], "outputs": ["rgb", "depth"]}
    return {
        "name": "hundred_objects",
        "robot": {"use": "panda"},
        "scene": {"objects": {"thing": thing}},
        "cameras": {"base": camera},
    }


def build(seeds: int, num_envs: int, device: str) -> tuple[float, float]:
    """Builds once; returns the seconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    env = simgen.make(task(seeds), num_envs=num_envs, device=device)
    seconds = time.perf_counter() - clock, time.process_time() - processor
    env.close()
    return seconds


@one_torch_thread()
def main() -> int:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--num-envs", type=int, default=1024)
    parser.add_argument("--seeds", type=int, default=10, help="drawn sizes of each of the ten kinds")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--device", default="cpu", help="cpu or cuda:0")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "build_time.json")
    arguments = parser.parse_args()
    build(1, 2, arguments.device)
    taken = [build(arguments.seeds, arguments.num_envs, arguments.device) for _ in range(arguments.repetitions)]
    seconds, processor = zip(*taken, strict=True)
    result = {
        "worlds": arguments.num_envs,
        "objects": len(KINDS) * arguments.seeds,
        "seconds": statistics.median(seconds),
        "processor_seconds": statistics.median(processor),
        "all_seconds": seconds,
        "device": arguments.device,
        "machine": machine(),
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{result['objects']} objects, {result['worlds']} worlds: {result['seconds']:.1f} s on the clock, "
          f"{result['processor_seconds']:.1f} s of processor time")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
