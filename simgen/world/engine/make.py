"""Chooses an engine by its name. Engines are imported when they are asked for: each is slow to load."""

from __future__ import annotations

from simgen.errors import unknown
from simgen.world.engine.base import Backend, Engine
from simgen.world.scene.slots import Layout

ENGINES = ("newton", "maniskill")


def make_engine(
    name: str,
    layout: Layout,
    num_envs: int,
    substeps: int,
    control_dt: float,
    device: str = "cpu",
    backend: Backend = "auto",
) -> Engine:
    """Makes the engine of N worlds.

    Args:
        name: One of `ENGINES`.
        layout: What the worlds share.
        num_envs: N.
        substeps: Solver steps per control step.
        control_dt: Length of a control step [s].
        device: "cpu" or "cuda:0".
        backend: Renderer of the newton engine; others have one only.

    Raises:
        BadInput: An engine that does not exist, or one that cannot hold this layout.
        SimgenError: A device or library that this machine does not have.
    """
    if name == "newton":
        from simgen.world.engine.newton.engine import NewtonEngine

        return NewtonEngine(layout, num_envs, substeps, control_dt, device=device, backend=backend)
    if name == "maniskill":
        from simgen.world.engine.maniskill.engine import ManiSkillEngine

        return ManiSkillEngine(layout, num_envs, substeps, control_dt, device=device)
    raise unknown("engine", name, ENGINES)
