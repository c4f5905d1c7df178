"""`simgen watch`: builds one world of a task and serves it until it is told to stop."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from simgen.env.factory import make_env
from simgen.env.threads import one_torch_thread
from simgen.spec import AnyTask
from simgen.view.live.human import require_place
from simgen.view.live.server import Address, require_free, served, until_told
from simgen.view.live.session import WatchOptions, WatchView


@dataclass(frozen=True)
class Watched:
    """What came of it: episodes kept, of these successful ones, episodes thrown away, steps simulated."""

    kept: int
    successes: int
    discarded: int
    steps: int


def watch_task(
    task: AnyTask,
    options: WatchOptions | None = None,
    address: Address | None = None,
    announce: Callable[[Address], None] = lambda address: None,
) -> Watched:
    """Shows a live world in the browser until Ctrl-C or SIGTERM.

    Args:
        task: The task.
        options: What is asked for.
        address: Where to listen.
        announce: Called with where it is, once it can be opened.

    Raises:
        BadInput: A task that stands for several, an address or directory that cannot be used.
        SimgenError: viser is not installed; the disk is full.
    """
    options, address = options or WatchOptions(), address or Address()
    require_free(address)
    if options.out is not None:
        require_place(options.out, task, options.seed, options.engine)
    with contextlib.closing(make_env(task, 1, engine=options.engine)) as env, one_torch_thread():
        with served(address, f"simgen · {task.name}") as (server, place), until_told() as told:
            view = WatchView(server, env, options)
            try:
                announce(place)
                view.run(told)
            finally:
                view.close()
        recording = view.recording
        counts = (0, 0, 0) if recording is None else (recording.kept, recording.successes, recording.dropped)
        return Watched(*counts, view.simulated)
