"""Bodies weigh, measure, fall, slide and turn as their scene says, each world with its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from small_tasks import Bench, floating, standing, task_of

from simgen.world.kernels import required
from simgen.world.robot.card import load_card

pytestmark = pytest.mark.slow

GRAVITY = 9.81


@pytest.fixture(scope="module")
def mixed() -> Bench:
    """Six worlds whose object differs in shape, size and density."""
    thing = {
        "choose": [{"box": [0.06, 0.04, 0.08]}, {"cylinder": {"radius": 0.03, "height": 0.05}}, {"sphere": 0.025}],
        "scale": {"uniform": [0.7, 1.5]},
        "density": {"uniform": [300, 900]},
    }
    task = task_of({"thing": standing(thing)}, episode={"control_hz": 20, "sim_hz": 200})
    bench = Bench(task, 6)
    bench.reset(range(6))
    return bench


def expected(bench: Bench, env: int) -> tuple[float, float, float]:
    """Mass [kg], height of the origin over the table [m] and moment of inertia about z of a world's object."""
    body = bench.engine.scene(env).bodies[0]
    factor = float(body.scale[0])
    size, radius, height = np.array([0.06, 0.04, 0.08]) * factor, 0.03 * factor, 0.05 * factor
    if body.candidate == 0:
        mass = body.density * size.prod()
        return mass, size[2] / 2, mass * (size[0] ** 2 + size[1] ** 2) / 12
    if body.candidate == 1:
        mass = body.density * np.pi * radius**2 * height
        return mass, height / 2, mass * radius**2 / 2
    radius = 0.025 * factor
    mass = body.density * 4 / 3 * np.pi * radius**3
    return mass, radius, 0.4 * mass * radius**2


def test_each_world_has_its_own_candidate(mixed: Bench) -> None:
    bodies = [mixed.engine.scene(env).bodies[0] for env in range(6)]
    assert {body.candidate for body in bodies} == {0, 1, 2}
    assert len({float(body.scale[0]) for body in bodies}) == 6


def test_a_resting_body_presses_with_its_weight_and_stands_on_its_size(mixed: Bench) -> None:
    mixed.reset(range(6))
    mixed.step(20)
    force, up = mixed.engine.contacts("thing", "table"), mixed.body("thing")[:, 2]
    for env in range(6):
        mass, height, _ = expected(mixed, env)
        np.testing.assert_allclose(force[env].numpy(), [0, 0, mass * GRAVITY], rtol=0.01, atol=0.01 * mass * GRAVITY)
        assert float(up[env]) == pytest.approx(height, abs=5e-4)
    assert torch.equal(mixed.engine.contacts("table", "thing"), -force)
    assert not mixed.engine.contacts("thing", "panda_leftfinger").any()
    mixed.reset([0], [3])
    up = mixed.engine.contacts("thing", "table")[:, 2]
    assert (up > 0).tolist() == [True, True, True, False, True, True], "nothing presses before the first step"
    mixed.step(1)
    assert (mixed.engine.contacts("thing", "table")[:, 2] > 0).all()


def test_a_wrench_turns_and_pushes_by_inertia_and_mass() -> None:
    thing = floating({"choose": [{"box": [0.06, 0.04, 0.08]}, {"cylinder": {"radius": 0.03, "height": 0.05}}]}, 0.6)
    thing |= {"scale": {"uniform": [0.7, 1.5]}, "density": {"uniform": [300, 900]}}
    task = task_of({"thing": thing}, physics={"gravity": 0.0}, episode={"control_hz": 20, "sim_hz": 200})
    bench = Bench(task, 4)
    bench.reset([1, 2, 4, 7])
    assert {bench.engine.scene(env).bodies[0].candidate for env in range(4)} == {0, 1}
    force, torque = 0.05, 2e-5
    wrench = torch.tensor([0, force, 0, 0, 0, torque]).expand(4, 6)
    velocity = bench.step(2, ("thing", wrench))
    for env in range(4):
        mass, _, inertia = expected(bench, env)
        seconds = 2 * bench.dt
        assert float(velocity.body_linear_velocity[env, 0, 1]) == pytest.approx(force * seconds / mass, rel=1e-3)
        assert float(velocity.body_angular_velocity[env, 0, 2]) == pytest.approx(torque * seconds / inertia, rel=1e-2)
    after = bench.step(1)
    assert torch.allclose(after.body_linear_velocity, velocity.body_linear_velocity, atol=1e-6), "pushed for one step"


def test_scale_per_axis_gives_the_stretched_body() -> None:
    task = task_of({"slab": standing({"box": [0.04, 0.04, 0.04]}, scale=[2.0, 1.0, 0.5], density=500)})
    bench = Bench(task, 1)
    bench.reset([0])
    bench.step(20)
    assert float(bench.body("slab")[0, 2]) == pytest.approx(0.01, abs=5e-4)
    weight = 500 * 0.04**3 * GRAVITY
    assert float(bench.engine.contacts("slab", "table")[0, 2]) == pytest.approx(weight, rel=0.01)


def test_an_upright_cylinder_can_be_stretched_along_its_axis() -> None:
    can = standing({"cylinder": {"radius": 0.02, "height": 0.1}}, scale=[2.0, 2.0, 0.5], density=500)
    bench = Bench(task_of({"can": can}), 1)
    bench.reset([0])
    bench.step(20)
    assert float(bench.body("can")[0, 2]) == pytest.approx(0.025, abs=5e-4)
    weight = 500 * np.pi * 0.04**2 * 0.05 * GRAVITY
    assert float(bench.engine.contacts("can", "table")[0, 2]) == pytest.approx(weight, rel=0.01)
    model = bench.engine._world.model
    (shape,) = np.flatnonzero(required(model.shape_body).numpy() == bench.engine._world.slot_body[0])
    assert required(model.shape_scale).numpy()[shape][:2] == pytest.approx([0.04, 0.025])


def test_a_mesh_in_millimetres_with_a_fixed_scale_is_as_large_and_heavy_as_it_should(tmp_path: Path) -> None:
    trimesh.creation.box((60.0, 40.0, 20.0)).export(tmp_path / "part.stl")
    part = standing({"mesh": str(tmp_path / "part.stl")}, scale=0.001, density=500)
    bench = Bench(task_of({"part": part}), 1)
    bench.reset([0])
    bench.step(20)
    assert float(bench.body("part")[0, 2]) == pytest.approx(0.01, abs=5e-4)
    weight = 500 * 0.06 * 0.04 * 0.02 * GRAVITY
    assert float(bench.engine.contacts("part", "table")[0, 2]) == pytest.approx(weight, rel=0.01)


def test_the_robots_friction_is_that_of_its_fingers() -> None:
    cube = standing({"box": [0.04, 0.04, 0.04]})
    bench = Bench(task_of({"cube": cube}, randomize={"robot.friction": {"choose": [0.4]}}), 1)
    bench.reset([0])
    model, card = bench.engine._world.model, load_card("panda")
    body, friction = (required(array).numpy() for array in (model.shape_body, model.shape_material_mu))
    for row, link in enumerate(bench.engine.link_names):
        expected_value = 0.4 * card.finger_friction if link in card.finger_links else card.link_friction
        assert friction[body == row] == pytest.approx(expected_value), link


def test_gravity_is_the_tasks_and_each_worlds() -> None:
    gravity = {"physics.gravity": {"choose": [-9.81, -3.7, -1.6]}}
    task = task_of({"ball": floating({"sphere": 0.02}, 0.8, y=0.3)}, physics={"gravity": -5.0}, randomize=gravity)
    bench = Bench(task, 6)
    bench.reset(range(6))
    start = bench.body("ball")[:, 2]
    state = bench.step(6)
    seconds = 6 * bench.dt
    values = torch.tensor([bench.engine.scene(env).gravity for env in range(6)], dtype=torch.float32)
    assert len(values.unique()) == 3
    assert torch.allclose(state.body_linear_velocity[:, 0, 2], values * seconds, rtol=1e-4)
    fallen = start - state.body_position[:, 0, 2]
    steps, dt = 30, 0.01  # of the solver: velocities first, then positions
    assert torch.allclose(fallen, -values * dt**2 * steps * (steps + 1) / 2, rtol=1e-3)

    plain = Bench(task_of({"ball": floating({"sphere": 0.02}, 0.8, y=0.3)}, physics={"gravity": -5.0}))
    plain.reset([0])
    assert float(plain.step(4).body_linear_velocity[0, 0, 2]) == pytest.approx(-5.0 * 4 * plain.dt, rel=1e-4)


def test_a_push_moves_a_box_above_the_mean_of_the_frictions_only() -> None:
    """Box 0.2 on a table of 1.0: the coefficient is their mean, 0.6; with 0.8 on 1.0 it is 0.9."""
    task = task_of(
        {"box": standing({"box": [0.08, 0.08, 0.02]}, mass=0.5)},
        randomize={"box.friction": {"choose": [0.2, 0.8]}, "table.friction": {"choose": [1.0]}},
    )
    bench = Bench(task, 6)
    seeds = [seed for seed in range(60) if bench.scene_of(seed).bodies[0].friction == 0.2][:3]
    seeds += [seed for seed in range(60) if bench.scene_of(seed).bodies[0].friction == 0.8][:3]
    bench.reset(seeds)
    bench.step(4)
    start = bench.body("box")[:, 0]
    shares = torch.tensor([0.5, 0.7, 0.85, 0.7, 0.8, 1.0])  # push as a share of the weight
    wrench = torch.zeros(6, 6)
    wrench[:, 0] = shares * 0.5 * GRAVITY
    bench.step(8, ("box", wrench))
    moved = bench.body("box")[:, 0] - start
    stuck, slid = [0, 3, 4], [1, 2, 5]
    assert moved[stuck].abs().max() < 5e-3, moved  # contacts creep a little
    coefficient = torch.tensor([0.6, 0.6, 0.9])
    expected_way = (shares[slid] - coefficient) * GRAVITY * (8 * bench.dt) ** 2 / 2
    assert torch.allclose(moved[slid], expected_way, rtol=0.15), (moved, expected_way)


def test_friction_that_is_solved_more_stiffly_lets_a_loaded_box_creep_less() -> None:
    crept = []
    for ratio in (1.0, 10.0):
        bench = Bench(task_of({"box": standing({"box": [0.08, 0.08, 0.02]}, mass=0.5)}, physics={"impratio": ratio}))
        bench.reset([0])
        bench.step(4)
        start = bench.body("box")[0, 0].clone()
        pull = torch.zeros(1, 6)
        pull[0, 0] = 0.6 * 0.5 * GRAVITY
        bench.step(20, ("box", pull))
        crept.append(float(bench.body("box")[0, 0] - start))
    assert 0 < 4 * crept[1] < crept[0], crept


def test_a_fixed_body_stays_and_holds_others() -> None:
    task = task_of(
        {
            "shelf": floating({"box": [0.1, 0.1, 0.02]}, 0.2, y=0.3, fixed=True),
            "load": {"box": [0.03, 0.03, 0.03], "mass": 0.2, "pose": {"on": "shelf"}},
        }
    )
    bench = Bench(task, 2)
    bench.reset([0, 1])
    shelf = bench.body("shelf").clone()
    bench.step(20)
    assert torch.equal(bench.body("shelf")[:, :7], shelf[:, :7])
    assert torch.allclose(bench.body("load")[:, 2], torch.tensor(0.225), atol=5e-4)
    assert torch.allclose(bench.engine.contacts("load", "shelf")[:, 2], torch.tensor(0.2 * GRAVITY), rtol=0.01)
    assert not bench.engine.contacts("load", "table").any()
