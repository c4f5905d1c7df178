"""Fixed bodies that are moved from outside, such as walking people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from small_tasks import standing

from simgen.env import TaskEnv
from simgen.errors import BadInput
from simgen.spec import load_task
from simgen.world.engine.maniskill.engine import ManiSkillEngine
from simgen.world.scene.layout import layout_of
from simgen.world.scene.place import is_person

pytestmark = pytest.mark.slow


def test_a_fixed_body_can_be_moved_and_pushes(stage_of: Callable[..., Any]) -> None:
    objects = {
        "wall": standing({"box": [0.02, 0.1, 0.1]}, x=0.1, y=0.3, fixed=True),
        "cube": standing({"box": [0.04, 0.04, 0.04]}, x=0.14, y=0.3),
    }
    stage = stage_of(objects, episode={"control_hz": 20, "sim_hz": 100})
    stage.build()
    start = stage.batch.state()
    wall, cube = stage.layout.slot("wall"), stage.layout.slot("cube")
    where = torch.cat([start.body_position, start.body_quaternion], -1)[0, wall]
    for _ in range(6):
        where[0] += 0.01
        stage.batch.move_body(wall, where.numpy())
        state = stage.step()
        assert torch.allclose(state.body_position[0, wall], where[:3], atol=1e-6)
    assert float(state.body_position[0, cube, 0] - start.body_position[0, cube, 0]) == pytest.approx(0.05, abs=0.01)


def test_people_walk_along_their_tracks() -> None:
    task = load_task("nav_people", ["scene.place.rooms.people=2"])
    env = TaskEnv(task, 1, images=False, engine="maniskill")
    env.start([0], [3])
    engine, layout = env.engine, env.engine.layout
    people = [index for index, slot in enumerate(layout.bodies) if is_person(slot.name)]
    tracks = [np.asarray(engine.scene(0).bodies[index].track) for index in people]
    for step in range(1, 11):
        env.advance(torch.zeros(1, env.action_mode.dim))
        for index, track in zip(people, tracks, strict=True):
            assert engine.state().body_position[0, index, :2].tolist() == pytest.approx(track[step, :2], abs=1e-5)
    assert all(float(np.linalg.norm(track[10, :2] - track[0, :2])) > 0.2 for track in tracks)
    where, upright = torch.tensor([[1.0, 2.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    engine.move_body(layout.bodies[people[0]].name, where, upright)
    assert torch.equal(engine.state().body_position[:, people[0]], where), "at once"
    engine.reset(torch.arange(1), [engine.scene(0)])
    engine.step()
    assert engine.state().body_position[0, people[0], :2].tolist() == pytest.approx(tracks[0][0, :2], abs=1e-5)
    env.close()


def test_nobody_walks_on_a_gpu() -> None:
    says = r"scene.place: place.person_1 walks, which the maniskill engine simulates on the CPU only.*device cpu"
    with pytest.raises(BadInput, match=says):
        ManiSkillEngine(layout_of(load_task("nav_people")), 2, 5, 0.05, device="cuda:0")
