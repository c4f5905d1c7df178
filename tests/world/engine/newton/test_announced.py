"""Parameters that are written again and again: the solver derives from them what it did when it was told one by one."""

from __future__ import annotations

import dataclasses

import numpy as np
import warp as wp

from simgen.env.factory import make_env
from simgen.spec import load_task
from simgen.world.engine.newton.engine import NewtonEngine


def _derived(engine: NewtonEngine) -> dict[str, np.ndarray]:
    """What the solver knows of bodies, joints and shapes."""
    model = engine._physics._solver.mjw_model
    names = ("body_mass", "body_inertia", "body_invweight0", "dof_invweight0", "body_subtreemass", "geom_friction")
    arrays = {field.name: getattr(model, field.name) for field in dataclasses.fields(model)}
    return {name: arrays[name].numpy().copy() for name in names if isinstance(arrays[name], wp.array)}


def test_a_replayed_announcement_tells_the_solver_what_a_first_one_does() -> None:
    task = load_task("pick_cube")
    env = make_env(task, 2, images=False)
    try:
        engine = env.engine
        assert isinstance(engine, NewtonEngine)
        for seed in range(4):  # the third time the launches are replayed
            env.start([1], [seed])
        found = _derived(engine)
        engine._physics._announcements.clear()  # what follows is announced launch by launch again
        env.start([1], [7])
        other = _derived(engine)
        engine._physics._announcements.clear()
        env.start([1], [3])
        expected = _derived(engine)
    finally:
        env.close()
    assert not np.array_equal(found["body_invweight0"], other["body_invweight0"])  # the cubes' masses differ
    for name, value in expected.items():
        assert np.array_equal(found[name], value), name
