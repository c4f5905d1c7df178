"""Compiles kernels on a second core, in the first run after an installation; later runs find them in Warp's cache."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

import warp as wp

# Large modules in the order in which they are needed. Building a model begins with compiling Newton's kernels for the
# solver, which takes as long as the first of these.
_LATER = (
    "newton._src.sim.articulation",
    "simgen.world.robot.kinematics_kernels",
    "mujoco_warp._src.set_const",
    "mujoco_warp._src.forward",
    "simgen.world.engine.newton.render.pose",
    "simgen.world.engine.newton.render.shadow",
    "simgen.world.engine.newton.render.raster",
    "simgen.world.engine.newton.render.trace",
    "simgen.world.engine.newton.render.pictures",
)


def compile_ahead(device: str) -> None:
    """Begins to load kernels in a thread; Warp itself loads each module when it is first used.

    With `compiled_beside` the first run takes half as long.
    """
    if len(os.sched_getaffinity(0)) > 1:
        threading.Thread(target=_load, args=(device,), name="compile-kernels", daemon=True).start()


@contextlib.contextmanager
def compiled_beside(work: Callable[[], object]) -> Iterator[None]:
    """Runs `work`, whose kernels the block does not need, in a thread beside the block, and waits for it at its end."""

    def run() -> None:
        with contextlib.suppress(Exception):  # it will be done again where it is needed, and fail there
            work()

    thread = threading.Thread(target=run, name="compile-collision", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _load(device: str) -> None:
    skipped = "raster" if device != "cpu" else "trace"
    for module in _LATER:
        if not module.endswith(skipped):
            with contextlib.suppress(Exception):  # whoever uses the module first gets the error
                wp.load_module(module, device=device)
