"""Measure speed and memory of a task, or a mixed batch against its tasks alone; draw what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from simgen.commands.bench_tables import show_mixture, show_run, show_runs
from simgen.commands.output import Overrides, console, parse, show_mapping, write_json
from simgen.errors import BadInput

Show = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Arguments:
    """Measure speed and memory of a task, with random actions, resets included, as medians over repetitions.

    Several values of --num-envs, --size or --outputs make a sweep: each combination is measured in fresh processes.
    Of a mixture, or a task that stands for several (robots, numbers of objects), whole steps of the mixed batch are
    measured in turns with those of its tasks alone. With --plot, results are drawn: of files, or of this measurement.
    """

    inputs: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="TASK | RESULT.json...")]
    """Name of a task or mixture (`simgen list tasks`) or path of a YAML file; with --plot also results to be drawn."""
    num_envs: tuple[int, ...] = (64,)
    """Worlds that each worker simulates at once."""
    size: tuple[int, ...] = ()
    """Side of all cameras' images [px]; default as in the task."""
    outputs: tuple[str, ...] = ()
    """What all cameras make, such as rgb+depth+segmentation; state: no images. Default as in the task."""
    cameras: int | None = None
    """Number of cameras; those that the task lacks are copies of its first from other sides."""
    workers: int | None = None
    """Processes, each with worlds of its own on its share of the cores; default one per core on a CPU, else 1."""
    steps: int | None = None
    """Control steps per repetition; default one episode, at most 100."""
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
    write: bool = False
    """Record episodes in each world too, in turns with steps that are not recorded."""
    out: Path | None = None
    """Write the result to this JSON file as well; simgen's own are in examples/benchmarks/results."""
    plot: Path | None = None
    """Draw frames per second against worlds and against size into this file (png, svg or pdf)."""
    overrides: Overrides = ()
    """Change a field of the task, e.g. render.shadows=false; can be repeated."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Runs the command; returns the exit code."""
    arguments = parse(Arguments, argv, "bench")
    from simgen.bench import check_picture, draw_plot, read_results

    if arguments.plot is not None and arguments.inputs and all(name.endswith(".json") for name in arguments.inputs):
        draw_plot(read_results([Path(name) for name in arguments.inputs]), arguments.plot)
        return _say(arguments, {"plot": str(arguments.plot)}, lambda result: show_mapping("", result))
    if len(arguments.inputs) != 1:
        raise BadInput("give one TASK to measure, or --plot OUT.png and results to draw: RESULT.json ...")
    if arguments.plot is not None:
        check_picture(arguments.plot)
    with console().status("measuring") as status:
        result, show = _measure(arguments, lambda part, done: status.update(f"measuring {part}: repetition {done}"))
    if arguments.plot is not None:
        draw_plot([result], arguments.plot)
    _say(arguments, result, show)
    return 1 if any("failed" in run for run in result.get("runs", ())) else 0


def _measure(arguments: Arguments, tell: Callable[[str, int], None]) -> tuple[dict[str, Any], Show]:
    """Measures; returns the result, and who shows it."""
    from simgen.bench import BenchOptions, bench, bench_mixture, run_sweep
    from simgen.bench.cases import cases_of
    from simgen.spec import Mixture, load_task_or_mixture
    from simgen.world.scene.variants import expanded

    options = BenchOptions(
        steps=arguments.steps, repetitions=arguments.repetitions, device=arguments.device,
        reward=not arguments.no_reward, engine=arguments.engine, against=arguments.against, write=arguments.write,
        workers=arguments.workers,
    )  # fmt: skip
    wanted = arguments.num_envs, arguments.size, arguments.outputs, arguments.cameras
    task = expanded(load_task_or_mixture(arguments.inputs[0], arguments.overrides))
    if isinstance(task, Mixture):
        each = [cases_of(part.task, options, *wanted) for part in task.parts]
        if any(len(cases) > 1 for cases in each) or arguments.plot is not None:
            raise BadInput(f"{task.name}: is a mixture of tasks; a sweep or a plot is of one of them.")
        parts = tuple(replace(part, task=cases[0].task) for part, cases in zip(task.parts, each, strict=True))
        result = bench_mixture(replace(task, parts=parts), each[0][0].options, tell)
        _keep(arguments, result)
        return result, show_mixture
    cases = cases_of(task, options, *wanted)
    if len(cases) == 1:
        result = bench(cases[0].task, cases[0].options, tell)
        _keep(arguments, result)
        return result, show_run
    return run_sweep(cases, tell, lambda sweep: _keep(arguments, sweep.as_dict())).as_dict(), show_runs


def _keep(arguments: Arguments, result: dict[str, Any]) -> None:
    """Writes the file of the result, if one is wanted."""
    import json

    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _say(arguments: Arguments, result: dict[str, Any], show: Show) -> int:
    if arguments.json:
        write_json(result)
    else:
        show(result)
    return 0
