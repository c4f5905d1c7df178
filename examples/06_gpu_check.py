"""What works on a machine with a GPU, and how fast: `python examples/06_gpu_check.py` tries it and records it.

For both engines: worlds on the GPU against the same worlds on the CPU (states after a second, first and last picture),
then `simgen bench`. Of the newton engine also whether the host waits for anything but the verdict of a step. Where
PhysX's GPU library is not there, ManiSkill simulates on the CPU and only draws on the GPU; what could not run is in the
results with the reason.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from simgen.bench import BenchOptions, bench
from simgen.bench.conditions import provenance
from simgen.env import make_env
from simgen.env.base import BaseEnv
from simgen.errors import SimgenError
from simgen.spec import TaskSpec, load_task
from simgen.world.engine.make import ENGINES
from simgen.world.engine.probe.devices import devices

SECONDS = 1.0
SEEDS = (0, 1, 2, 3)
STEPS = 5  # that are watched for waits
# A GPU rounds in another order, and traces rays where the CPU rasterises: edges and shadows differ by a pixel.
MOST_ERROR = {"joint_error_rad": 1e-3, "body_error_m": 2e-3}
MOST_PIXELS = {"rgb": 0.05, "depth": 0.01, "segmentation": 0.005}


def moved(env: BaseEnv) -> dict[str, torch.Tensor]:
    """Starts the same episodes everywhere, looks, lets the arm swing, looks, and returns what it saw and the states."""
    env.start(range(len(SEEDS)), SEEDS)
    found = pictures(env, "first")
    start = env.worlds.state.qpos.clone()
    for step in range(round(SECONDS / env.control_seconds)):
        target = start.clone()
        target[:, 0] += 0.3 * min(1.0, 2.0 * step * env.control_seconds)
        env.engine.set_targets(target)
        env.engine.step()
    state = env.engine.state()
    return found | pictures(env, "last") | {"qpos": state.qpos.cpu(), "bodies": state.body_position.cpu()}


def pictures(env: BaseEnv, when: str) -> dict[str, torch.Tensor]:
    """Draws everything."""
    images = env.engine.render()
    return {
        f"{when}/{camera}/{name}": image.cpu().clone()
        for camera, views in images.items()
        for name, image in views.items()
    }


def on(task: TaskSpec, engine: str, device: str) -> dict[str, torch.Tensor]:
    """Runs `moved` on a device."""
    env = make_env(task, len(SEEDS), device, engine=engine)
    try:
        return moved(env)
    finally:
        env.close()


def agreement(task: TaskSpec, engine: str, device: str) -> dict[str, Any]:
    """How far a device is from the CPU; raises Different if that is too far."""
    here, there = on(task, engine, "cpu"), on(task, engine, device)
    found: dict[str, Any] = {
        "joint_error_rad": float((here["qpos"] - there["qpos"]).abs().max()),
        "body_error_m": float((here["bodies"] - there["bodies"]).norm(dim=-1).max()),
    }
    for name in here.keys() - {"qpos", "bodies"}:
        different = (here[name].float() - there[name].float()).abs().amax(-1) > (2 if "segmentation" not in name else 0)
        found[f"different_pixels/{name}"] = float(different.float().mean())
    limits = MOST_ERROR | {name: MOST_PIXELS.get(name.rpartition("/")[2], 0.05) for name in found if name.count("/")}
    wrong = [
        f"{name} {found[name]:.2g} (allowed: {most:g})" for name, most in limits.items() if not found[name] <= most
    ]
    if wrong:
        raise Different(f"{engine} on {device} is not what it is on the CPU: {', '.join(wrong)}")
    return found


class Different(SimgenError):
    """A device does not do what the CPU does."""


def watched_steps(task: TaskSpec, device: str) -> dict[str, int]:
    """Does control steps; a torch operation that makes the host wait for a GPU raises an error."""
    env = make_env(task, 64, device)
    try:
        actions = torch.zeros(env.num_envs, env.action_mode.dim, device=env.device)
        env.reset(seed=0)
        for _ in range(2):
            env.step(actions)  # compiles, captures
        watch_for_waits(env, "error")
        for _ in range(STEPS):
            env.step(actions)
    finally:
        watch_for_waits(env, "default")
        env.close()
    return {"steps": STEPS}


def watch_for_waits(env: BaseEnv, what_to_do: str) -> None:
    """Says what torch does about operations that make the host wait; on a CPU there are none."""
    if env.device.type == "cuda":
        torch.cuda.set_sync_debug_mode(what_to_do)


def tried(work: Callable[[], Any]) -> dict[str, Any]:
    """Does something and says what came of it."""
    started = time.perf_counter()
    try:
        return {"ok": True, "result": work(), "seconds": round(time.perf_counter() - started, 1)}
    except Exception as error:  # of any library: the other parts are to be tried all the same
        if not isinstance(error, SimgenError):
            traceback.print_exc()
        return {"ok": False, "reason": f"{type(error).__name__}: {error}"}


def main() -> int:
    """Tries everything and writes the results after each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--task", default="pick_cube")
    parser.add_argument("--device", default="cuda:0", help="cpu tries the script itself")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--num-envs", type=int, nargs="*", default=[64, 1024, 4096], help="worlds of the benchmarks")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "gpu_check.json")
    arguments = parser.parse_args()
    task, device = load_task(arguments.task), arguments.device
    parts: dict[str, Callable[[], Any]] = {}
    for engine in arguments.engines:
        parts[f"{engine}: {device} against cpu"] = lambda engine=engine: agreement(task, engine, device)
    if "newton" in arguments.engines:
        parts[f"newton: the host waits for nothing on {device}"] = lambda: watched_steps(task, device)
    for engine in arguments.engines:
        for count in arguments.num_envs:
            parts[f"{engine}: bench of {count} worlds on {device}"] = lambda engine=engine, count=count: bench(
                task, BenchOptions(count, 20, device=device, engine=engine)
            )
    if "maniskill" in arguments.engines and arguments.num_envs:
        parts["maniskill: physics on the cpu, pictures on the best device"] = lambda: bench(
            task, BenchOptions(16, 20, engine="maniskill")
        )
    results: dict[str, Any] = provenance() | {"devices": [vars(each) for each in devices()]}
    for name, work in parts.items():
        results[name] = tried(work)
        sys.stderr.write(f"{name}: {'ok' if results[name]['ok'] else results[name]['reason']}\n")
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(results, indent=1, default=str) + "\n", encoding="utf-8")
    return 0 if all(results[name]["ok"] for name in parts) else 1


if __name__ == "__main__":
    sys.exit(main())
