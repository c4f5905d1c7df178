"""What works on a machine with a GPU, and how fast: `python examples/06_gpu_check.py` tries it and records it.

For both engines: a world on the GPU against the same world on the CPU (states after a second, first picture), then
`simgen bench`. Where PhysX's GPU library is not there, ManiSkill simulates on the CPU and only draws on the GPU; what
could not run is in the results with the reason.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from simgen.bench import BenchOptions, bench
from simgen.env import make_env
from simgen.env.base import BaseEnv
from simgen.errors import SimgenError
from simgen.machine import machine
from simgen.spec import TaskSpec, load_task
from simgen.world.engine.probe.devices import devices

SECONDS = 1.0
SEEDS = (0, 1, 2, 3)


def moved(env: BaseEnv) -> dict[str, torch.Tensor]:
    """Starts the same episodes everywhere, looks, lets the arm swing, and returns pictures and where all ended."""
    env.start(range(len(SEEDS)), SEEDS)
    images = env.engine.render()
    first = {
        f"{camera}/{name}": image.cpu().clone() for camera, views in images.items() for name, image in views.items()
    }
    start = env.worlds.state.qpos.clone()
    for step in range(round(SECONDS / env.control_seconds)):
        target = start.clone()
        target[:, 0] += 0.3 * min(1.0, 2.0 * step * env.control_seconds)
        env.engine.set_targets(target)
        env.engine.step()
    state = env.engine.state()
    return first | {"qpos": state.qpos.cpu(), "bodies": state.body_position.cpu()}


def on(task: TaskSpec, engine: str, device: str) -> dict[str, torch.Tensor]:
    """Runs `moved` on a device."""
    env = make_env(task, len(SEEDS), device, engine=engine)
    try:
        return moved(env)
    finally:
        env.close()


def agreement(task: TaskSpec, engine: str, device: str) -> dict[str, Any]:
    """How far a device is from the CPU."""
    here, there = on(task, engine, "cpu"), on(task, engine, device)
    found: dict[str, Any] = {
        "joint_error_rad": float((here["qpos"] - there["qpos"]).abs().max()),
        "body_error_m": float((here["bodies"] - there["bodies"]).norm(dim=-1).max()),
    }
    for name in here.keys() - {"qpos", "bodies"}:
        different = (here[name].float() - there[name].float()).abs().amax(-1) > (2 if "segmentation" not in name else 0)
        found[f"different_pixels/{name}"] = float(different.float().mean())
    return found


def tried(work: Callable[[], Any]) -> dict[str, Any]:
    """Does something and says what came of it."""
    started = time.perf_counter()
    try:
        return {"ok": True, "result": work(), "seconds": round(time.perf_counter() - started, 1)}
    except SimgenError as error:
        return {"ok": False, "reason": str(error)}


def main() -> int:
    """Tries everything and writes the results after each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--task", default="pick_cube")
    parser.add_argument("--device", default="cuda:0", help="cpu tries the script itself")
    parser.add_argument("--num-envs", type=int, nargs="+", default=[64, 1024, 4096], help="worlds of the benchmarks")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "gpu_check.json")
    arguments = parser.parse_args()
    task, device = load_task(arguments.task), arguments.device
    parts: dict[str, Callable[[], Any]] = {}
    for engine in ("newton", "maniskill"):
        parts[f"{engine}: {device} against cpu"] = lambda engine=engine: agreement(task, engine, device)
        for count in arguments.num_envs:
            parts[f"{engine}: bench of {count} worlds on {device}"] = lambda engine=engine, count=count: bench(
                task, BenchOptions(count, 20, device=device, engine=engine)
            )
    parts["maniskill: physics on the cpu, pictures on the best device"] = lambda: bench(
        task, BenchOptions(16, 20, engine="maniskill")
    )
    results: dict[str, Any] = {"machine": machine(), "devices": [vars(each) for each in devices()]}
    for name, work in parts.items():
        results[name] = tried(work)
        sys.stderr.write(f"{name}: {'ok' if results[name]['ok'] else results[name]['reason']}\n")
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(results, indent=1, default=str) + "\n", encoding="utf-8")
    return 0 if all(results[name]["ok"] for name in parts) else 1


if __name__ == "__main__":
    sys.exit(main())
