"""A live world in the browser: look, change what is randomised, let the teacher act, drive, record yourself."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from simgen.commands.output import Overrides, TaskName, parse, write_json
from simgen.commands.termination import ends_as_by_ctrl_c
from simgen.commands.view import show_address


@dataclass(frozen=True)
class Arguments:
    """Show a live world in the browser.

    The world is stepped in real time. There are knobs for everything that the task draws, its reward term by term, its
    cameras, and its teacher. With keys, buttons or a gamepad you move the tool (or the base) yourself; with --out, the
    switch `record` makes episodes of the phase `human` of what you do, which `simgen replay` can repeat.

    Needs the extra `live` (pip install 'simgen-toolkit[live]'), and neither a display nor the internet. Ctrl-C ends it.

    Args:
        task: Name of a task (`simgen list tasks`) or path of a YAML file.
        out: Directory for what is recorded: a new one, or a dataset of this task and seed, which grows.
        seed: Of the episodes; those that are recorded depend on it, the task and their number alone.
        seconds: Longest episode [s]; default the task's own, but a minute at least, since people take their time.
        variant: Which one, of a task that stands for several (robots, numbers of objects) or of a mixture; default the
            first.
        engine: Physics engine: newton or maniskill; default the task's own, else newton.
        host: Where to listen; 0.0.0.0 lets other machines in, without a password.
        port: Where to listen; 0 takes any port that is free.
        overrides: Changes to the task.
        json: Print one JSON object as the last line, when it has ended.
    """

    task: TaskName
    out: Path | None = None
    seed: int = 0
    seconds: float | None = None
    variant: str | None = None
    engine: Literal["newton", "maniskill"] | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    overrides: Annotated[Overrides, tyro.conf.arg(name="set")] = ()
    json: bool = False


def main(argv: list[str]) -> int:
    """Shows the world until it is told to stop."""
    arguments = parse(Arguments, argv, "watch")
    from simgen.view.live import Address, WatchOptions, watch_task
    from simgen.view.live.task import task_to_watch

    task = task_to_watch(arguments.task, arguments.overrides, arguments.variant, arguments.seconds)
    command = shlex.join(["simgen", "watch", *argv])
    options = WatchOptions(arguments.seed, arguments.engine, arguments.out, command)
    opened: list[Address] = []

    def announce(address: Address) -> None:
        opened.append(address)
        show_address(address, task.name)

    with ends_as_by_ctrl_c():  # while the world is built; later both are the ordinary end
        watched = watch_task(task, options, Address(arguments.host, arguments.port), announce)
    if arguments.json:
        write_json({"url": opened[0].url if opened else None, "out": arguments.out, **asdict(watched)})
    return 0
