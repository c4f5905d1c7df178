"""Measure speed and memory of a task, or a mixed batch against its tasks alone."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from simgen.commands.output import Overrides, TaskName, console, parse, show_mapping, show_table, write_json
from simgen.errors import BadInput

if TYPE_CHECKING:
    from simgen.spec import AnyTask

_Output = Literal[
    "rgb", "depth", "segmentation", "normals", "albedo", "optical_flow", "scene_flow", "pointcloud"
]  # fmt: skip


@dataclass(frozen=True)
class Arguments:
    """Measure speed and memory of a task, with random actions, as medians over repetitions.

    Of a mixture, or a task that stands for several (robots, numbers of objects), whole steps of the mixed batch are
    measured in turns with those of its tasks alone.
    """

    task: TaskName
    """Name of a task or mixture (`simgen list tasks`) or path of a YAML file."""
    num_envs: int = 64
    """Worlds that are simulated at once."""
    size: int | None = None
    """Side of all cameras' images [px]; default as in the task."""
    outputs: tuple[_Output, ...] | None = None
    """What all cameras make; default as in the task."""
    steps: int = 50
    """Control steps per repetition."""
    repetitions: int = 5
    """Repetitions; medians are reported."""
    engine: Literal["newton", "maniskill"] | None = None
    """Physics engine; default the task's own, else newton."""
    against: Literal["maniskill"] | None = None
    """Measure ManiSkill's environment of the same name too, in turns, at its best number of processes and threads."""
    device: str = "cpu"
    """cpu or cuda:0."""
    no_reward: bool = False
    """Leave reward terms out."""
    out: Path | None = None
    """Write the result to this JSON file as well."""
    overrides: Overrides = ()
    """Change a field of the task, e.g. render.shadows=false; can be repeated."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Runs the command; returns the exit code."""
    arguments = parse(Arguments, argv, "bench")
    import json

    from simgen.bench import BenchOptions, bench, bench_mixture
    from simgen.spec import Mixture, TaskSpec, load_task_or_mixture
    from simgen.world.scene.variants import expanded

    task = expanded(load_task_or_mixture(arguments.task, arguments.overrides))
    options = BenchOptions(
        arguments.num_envs, arguments.steps, arguments.repetitions, arguments.device, not arguments.no_reward,
        engine=arguments.engine, against=arguments.against,
    )  # fmt: skip
    with console().status("measuring") as status:

        def tell(part: str, done: int) -> None:
            status.update(f"measuring {part}: repetition {done}")

        if isinstance(task, Mixture):
            parts = tuple(replace(part, task=_with_images(part.task, arguments)) for part in task.parts)
            result = bench_mixture(replace(task, parts=parts), options, tell)
        else:
            task = _with_images(task, arguments)
            if not isinstance(task, TaskSpec):
                raise BadInput(f"{task.name}: is an environment of ManiSkill's; this needs a task of simgen's.")
            result = bench(task, options, tell)
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if arguments.json:
        write_json(result)
    elif "mixture" in result:
        _show_mixture(result)
    else:
        _show(result)
    return 0


def _with_images(task: AnyTask, arguments: Arguments) -> AnyTask:
    """Returns the task with the images that were asked for."""
    from simgen.spec import TaskSpec, load_task

    if not isinstance(task, TaskSpec):
        return task
    changes = []
    for name in task.cameras:
        if arguments.size is not None:
            changes.append(f"cameras.{name}.size=[{arguments.size}, {arguments.size}]")
        if arguments.outputs is not None:
            changes.append(f"cameras.{name}.outputs=[{', '.join(arguments.outputs)}]")
    return load_task(task.resolved(), changes) if changes else task


def _show_mixture(result: dict[str, Any]) -> None:
    rows = [(name, f"{part['share']:.0%}", f"{part['fps']:,.0f}") for name, part in result["parts"].items()]
    rows.append(("all in one batch", "100%", f"{result['total_fps']:,.0f}"))
    title = f"{result['mixture']}: {result['num_envs']} worlds on {result['device']}, per second"
    show_table(title, ("task alone", "share", "median"), rows)
    machine = f"{result['machine']['processor']}, {result['machine']['cores']} cores"
    mean = f"{result['harmonic_mean_fps']:,.0f}"
    show_mapping("", {"harmonic mean of the tasks": mean, "ratio": f"{result['ratio']:.2f}", "machine": machine})


def _show(result: dict[str, Any]) -> None:
    rows = [
        (part, *(f"{rate:,.0f}" for rate in (result[f"{part}_fps"], low, high)))
        for part, (low, high) in result["spread"].items()
        if result[f"{part}_fps"] is not None
    ]
    title = f"{result['task']}: {result['num_envs']} worlds on {result['device']}, per second"
    show_table(title, ("part", "median", "lowest", "highest"), rows)
    if "peer" in result:
        _show_peer(result)
    seconds = {"build": f"{result['build_seconds']:.1f} s", "first frame": f"{result['first_frame_seconds']:.1f} s"}
    memory = {"peak memory": f"{result['peak_host_bytes'] / 1e9:.2f} GB"}
    if result["peak_device_bytes"]:
        memory["peak memory of the device"] = f"{result['peak_device_bytes'] / 1e9:.2f} GB"
    cameras = {f"camera {name}": f"{camera['size']} {camera['outputs']}" for name, camera in result["cameras"].items()}
    machine = {"machine": f"{result['machine']['processor']}, {result['machine']['cores']} cores"}
    show_mapping("", {**seconds, **memory, **cameras, **machine})


def _show_peer(result: dict[str, Any]) -> None:
    peer = result["peer"]
    sides = (
        ("as shipped", peer, result["ratios"]),
        ("with our meshes", peer["equal_meshes"], result["ratios_equal_meshes"]),
    )
    rows = [
        (
            f"{peer['env_id']} {name}",
            f"{side['total_fps']:,.1f}",
            f"{side['processes']} x {side['render_threads']}",
            f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})",
        )
        for name, side, ratios in sides
    ]
    show_table("against ManiSkill", ("peer", "per second", "processes x threads", "ours is times faster"), rows)
