"""Generate a dataset: random and teacher episodes of a task, recorded in parallel worlds."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from simgen.commands.output import Overrides, TaskName, parse, show_mapping, write_json
from simgen.commands.termination import ends_as_by_ctrl_c
from simgen.errors import BadInput


@dataclass(frozen=True)
class Arguments:
    """Generate a dataset.

    Args:
        task: Name of a task or mixture (`simgen list tasks`) or path of a YAML file.
        out: Directory of the dataset; with --workers or --ray also a URL such as s3://bucket/name (any file system of
            fsspec): whole shards are brought there.
        random: Episodes with a random policy.
        teacher: Successful episodes of the task's teacher.
        num_envs: Worlds that are simulated at once, by each worker.
        engine: Physics engine: newton or maniskill; default the task's own, else newton.
        device: cpu, cuda:0, or cuda: the first GPU, and with --workers each worker the next one.
        seed: Of the dataset; episode i depends on it, the task, the phase and i alone.
        random_policy: How the random phase moves; default brownian for robots that drive, else pink. Play goes to
            objects and opens and closes the gripper there.
        noise: Noise on what the teacher executes, e.g. dart:0.05; the recorded action stays clean.
        keep_failures: Write failed teacher episodes too, flagged.
        codec: How arrays are compressed; gzip can be read without a plugin.
        processes: Processes that compress and write, of each worker.
        workers: Processes that share the work, each with its own worlds and its share of the cores. The dataset is the
            same whatever their number, which may change with --resume.
        ray: Let actors of a Ray cluster do the work: HOST:PORT, ray://HOST:PORT, or nothing for the running cluster,
            else one on this machine. Default as many as there are GPUs, or pairs of cores; --workers says otherwise.
        resume: Go on with the dataset that is there.
        overrides: Changes to the task.
        json: Print a summary as JSON on the last line.
    """

    task: TaskName
    out: str
    random: int = 0
    teacher: int = 0
    num_envs: int = 64
    engine: Literal["newton", "maniskill"] | None = None
    device: str = "cpu"
    seed: int = 0
    random_policy: Literal["pink", "uniform", "spline", "brownian", "play"] | None = None
    noise: str = "none"
    keep_failures: bool = False
    codec: Literal["blosc2", "zstd", "gzip", "raw"] | None = None
    processes: int = 1
    workers: int | None = None
    ray: str | None = None
    resume: bool = False
    overrides: Annotated[Overrides, tyro.conf.arg(name="set")] = ()
    json: bool = False


def main(argv: list[str]) -> int:
    """Runs the command; returns the exit code."""
    arguments = parse(Arguments, with_address(argv), "generate")
    from simgen.commands.progress import phase_progress
    from simgen.generate import GenerateOptions, generate
    from simgen.spec import load_task_or_mixture

    task = load_task_or_mixture(arguments.task, arguments.overrides)
    options = GenerateOptions(
        random=arguments.random,
        teacher=arguments.teacher,
        num_envs=arguments.num_envs,
        seed=arguments.seed,
        engine=arguments.engine,
        device=arguments.device,
        random_policy=arguments.random_policy,
        noise=dart_noise(arguments.noise),
        keep_failures=arguments.keep_failures,
        codec=arguments.codec,
        processes=arguments.processes,
        resume=arguments.resume,
        workers=arguments.workers,
        ray=arguments.ray,
    )
    with ends_as_by_ctrl_c(), phase_progress() as progress:
        command = shlex.join(["simgen", "generate", *argv])
        summary = generate(task, arguments.out, options, progress, command).as_dict()
    if arguments.json:
        write_json(summary)
    else:
        show_mapping("Generated", summary)
    return 0


def with_address(argv: list[str]) -> list[str]:
    """Returns the arguments with an address after every `--ray` that has none."""
    complete = []
    for argument, following in zip(argv, [*argv[1:], ""], strict=True):
        complete.append(argument)
        if argument == "--ray" and following not in ("auto", "local") and not re.search(r":\d+$", following):
            complete.append("auto")
    return complete


def dart_noise(text: str) -> float:
    """Returns the standard deviation in "dart:0.05"; 0 for "none".

    Raises:
        BadInput: If it is neither.
    """
    if text == "none":
        return 0.0
    kind, _, value = text.partition(":")
    try:
        if kind == "dart":
            return float(value)
    except ValueError:
        pass
    raise BadInput(f"--noise {text!r}: allowed are none and dart:STD, e.g. dart:0.05.")
