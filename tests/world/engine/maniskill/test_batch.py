"""One world in this process: physics as the scene says, bitwise repeatable, state in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from small_tasks import floating, standing

GRAVITY = 9.81
THINGS = {
    "cube": standing({"box": [0.04, 0.04, 0.04]}, y=0.2, mass=0.1),
    "ball": floating({"sphere": 0.03}, 0.5, y=-0.2, mass=0.2),
    "wall": standing({"box": [0.1, 0.02, 0.1]}, x=0.2, y=0.3, fixed=True),
    "goal": floating({"marker": {"sphere": 0.02}}, 0.2),
}


@pytest.fixture(scope="module")
def stage(stage_of: Callable[..., Any]) -> Any:
    return stage_of(THINGS, episode={"control_hz": 20, "sim_hz": 100})


def run(stage: Any, steps: int) -> list[torch.Tensor]:
    stage.build(1)
    stage.batch.set_targets(stage.targets(0.2))
    trajectory = []
    for _ in range(steps):
        trajectory += list(vars(stage.step()).values())
    return trajectory


def test_the_same_scene_twice_gives_bitwise_the_same_trajectory(stage: Any) -> None:
    first = run(stage, 20)
    stage.build(2)
    stage.step(5)
    assert all(torch.equal(a, b) for a, b in zip(first, run(stage, 20), strict=True))


def test_an_episode_starts_as_its_scene_says(stage: Any) -> None:
    scene = stage.build(3)
    state = stage.batch.state()
    assert torch.allclose(state.qpos[0], torch.tensor(scene.robot.qpos).float(), atol=1e-6)
    for index, body in enumerate(scene.bodies):
        assert np.allclose(state.body_position[0, index], body.position, atol=1e-6)
        assert np.allclose(state.body_quaternion[0, index], body.quaternion, atol=1e-6)
    assert not state.qvel.any()


def test_bodies_fall_press_and_stay(stage: Any) -> None:
    stage.build()
    before = stage.batch.state()
    after = stage.step(2)
    ball, wall, goal = (stage.layout.slot(name) for name in ("ball", "wall", "goal"))
    fallen = float(before.body_position[0, ball, 2] - after.body_position[0, ball, 2])
    assert fallen == pytest.approx(0.5 * GRAVITY * 0.1**2, rel=0.15)
    assert float(after.body_linear_velocity[0, ball, 2]) == pytest.approx(-GRAVITY * 0.1, rel=0.01)
    assert torch.equal(after.body_position[0, [wall, goal]], before.body_position[0, [wall, goal]])
    stage.step(60)
    force = stage.batch.contacts("cube", "table")[0]
    assert force.tolist() == pytest.approx([0.0, 0.0, 0.1 * GRAVITY], abs=1e-3), "also when PhysX let it sleep"
    assert torch.equal(stage.batch.contacts("table", "cube")[0], -force)


def test_robots_carry_their_own_weight_and_follow_their_targets(stage: Any) -> None:
    stage.build()
    start = stage.batch.state().qpos
    assert torch.allclose(stage.step(20).qpos, start, atol=1e-4)
    target = start + torch.tensor([0.2, 0.1, -0.2, -0.1, 0.1, 0.1, 0.3, -0.01, -0.01])
    stage.batch.set_targets(torch.stack([target, torch.zeros_like(target), torch.zeros_like(target)], 1))
    assert torch.allclose(stage.step(40).qpos, target, atol=5e-3)


def test_a_wrench_acts_during_one_step(stage: Any) -> None:
    stage.build()
    ball = stage.layout.slot("ball")
    stage.batch.apply_wrench("ball", torch.tensor([[0.4, 0.0, 0.0, 0.0, 0.0, 0.0]]))
    first = float(stage.step().body_linear_velocity[0, ball, 0])
    assert first == pytest.approx(0.4 / 0.2 * 0.05, rel=1e-3)
    assert float(stage.step().body_linear_velocity[0, ball, 0]) == pytest.approx(first, rel=1e-3)


def test_a_recorded_state_can_be_put_back(stage: Any) -> None:
    stage.build()
    stage.batch.set_targets(stage.targets(0.1))
    recorded = stage.step(3)
    stage.step(5)
    stage.batch.set_state([0], recorded)
    for name, value in vars(stage.batch.state()).items():
        assert torch.allclose(value, getattr(recorded, name), atol=1e-5), name


def test_a_restart_is_the_same_as_a_new_build(stage: Any) -> None:
    scene = stage.scene(5)
    turned = replace(scene, robot=replace(scene.robot, qpos=scene.robot.qpos + 0.05))
    stage.batch.build([turned])
    expected = stage.step(5)
    stage.batch.build([scene])
    stage.step(5)
    stage.batch.restart([0], [turned])
    found = stage.step(5)
    assert torch.allclose(found.qpos, expected.qpos, atol=1e-4)
    assert torch.allclose(found.body_position, expected.body_position, atol=1e-4)


def test_each_of_several_robots_can_have_fingers_of_its_own_friction(stage: Any) -> None:
    """Several robots of one builder exist on a GPU only; what sets their fingers apart is tried on one."""
    from simgen.world.engine.maniskill.robot import _set_finger_friction
    from simgen.world.robot.card import load_card

    scene, card = stage.build(), load_card("panda")
    (articulation,) = stage.batch._robot._objs
    _set_finger_friction(articulation, card, replace(scene, robot=replace(scene.robot, friction_scale=0.25)))
    frictions = {
        name: link._bodies[0].collision_shapes[0].physical_material.static_friction
        for name, link in zip(stage.batch.link_names, stage.batch._links, strict=True)
        if link._bodies[0].collision_shapes
    }
    assert {name for name, value in frictions.items() if value == pytest.approx(0.25 * card.finger_friction)} == {
        *card.finger_links
    }
    assert frictions["panda_hand"] == pytest.approx(card.link_friction)


def test_links_and_bodies_weigh_what_they_do_in_the_other_engine(stage: Any) -> None:
    from simgen.world.robot.card import load_card
    from simgen.world.robot.inertia import link_inertias
    from simgen.world.robot.urdf import read_urdf

    stage.build()
    inertias = link_inertias(read_urdf(load_card("panda")))
    for name, link in zip(stage.batch.link_names, stage.batch._links, strict=True):
        body, known = link._bodies[0], inertias.get(name)
        assert body.mass == pytest.approx(1e-3 if known is None else known.mass, rel=1e-5)
        if known is not None:
            assert np.allclose(np.sort(body.inertia), np.linalg.eigvalsh(known.tensor), atol=1e-6)
    cube = stage.batch._bodies[0]._bodies[0]
    assert cube.mass == pytest.approx(0.1)
    assert np.allclose(cube.inertia, 0.1 * 0.04**2 / 6, rtol=1e-4)
