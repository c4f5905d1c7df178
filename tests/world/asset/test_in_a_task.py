"""Assets in worlds: they stand, weigh what their cards say, and their parts move."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from small_tasks import standing, task_of

from simgen.errors import BadInput
from simgen.generate.options import GenerateOptions
from simgen.generate.part import TaskPart
from simgen.generate.share import Share, Turns
from simgen.spec import TaskSpec
from simgen.world.asset.add import AddOptions, add_asset
from simgen.world.asset.build import BuildOptions
from simgen.world.engine.base import Engine
from simgen.world.engine.make import make_engine
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler

CABINET = {"asset": "cabinet", "open": {"drawer": 0.5}, "pose": {"on": "table", "xy": [0.3, 0.5], "yaw_deg": 180}}


@pytest.fixture
def task(urdf: Path, brick: Path, assets: Path) -> TaskSpec:
    """A cabinet and a brick of 48 cm^3 that weighs 0.2 kg."""
    add_asset(urdf, assets, AddOptions())
    add_asset(brick, assets, AddOptions(scale=0.001, category="building block", build=BuildOptions(mass=0.2)))
    return task_of({"cabinet": CABINET, "brick": standing({"asset": "brick"}, y=-0.2)})


def test_bodies_weigh_what_their_cards_say(task: TaskSpec) -> None:
    layout = layout_of(task)
    assert [(slot.name, slot.motion) for slot in layout.bodies] == [
        ("cabinet", "fixed"),
        ("cabinet.drawer", "dynamic"),
        ("cabinet.knob", "dynamic"),
        ("brick", "dynamic"),
    ]
    bodies = SceneSampler(task, layout).sample(0).bodies
    masses = [
        slot.candidates[body.candidate].volume * body.density for slot, body in zip(layout.bodies, bodies, strict=True)
    ]
    assert masses[1:2] + masses[3:] == pytest.approx([1.2, 0.2])


def test_a_task_may_say_otherwise(brick: Path, assets: Path) -> None:
    add_asset(brick, assets, AddOptions(scale=0.001, fixed=True, build=BuildOptions(density=100.0)))
    objects = {
        "stays": standing({"asset": "brick"}, y=-0.2),
        "moves": standing({"asset": "brick"}, y=0.2, fixed=False, density=500.0),
    }
    task = task_of(objects)
    layout = layout_of(task)
    assert [slot.motion for slot in layout.bodies] == ["fixed", "dynamic"]
    assert [body.density for body in SceneSampler(task, layout).sample(0).bodies] == pytest.approx([100.0, 500.0])


def test_a_pattern_gives_each_world_its_own(brick: Path, assets: Path) -> None:
    for number in range(3):
        add_asset(brick, assets, AddOptions(name=f"brick_{number}", scale=0.001 * (1 + number)))
    task = task_of({"brick": standing({"asset": "brick_*"})})
    layout = layout_of(task)
    assert len(layout.bodies[0].candidates) == 3
    assert {SceneSampler(task, layout).sample(seed).bodies[0].candidate for seed in range(20)} == {0, 1, 2}


def test_rigid_and_articulated_assets_do_not_stand_for_each_other(urdf: Path, brick: Path, assets: Path) -> None:
    add_asset(urdf, assets, AddOptions(name="thing_1"))
    add_asset(brick, assets, AddOptions(name="thing_2", scale=0.001))
    with pytest.raises(BadInput, match=r"'thing_\*' matches assets whose moving parts differ"):
        layout_of(task_of({"thing": standing({"asset": "thing_*"}, fixed=True)}))


def test_a_dataset_knows_which_assets_it_was_made_of(brick: Path, assets: Path) -> None:
    def identity() -> dict[str, Any]:
        part = TaskPart(task_of({"brick": standing({"asset": "brick"})}), Share(Turns([1.0]), 0), {}, GenerateOptions())
        return part.identity()

    add_asset(brick, assets, AddOptions(scale=0.001))
    first = identity()
    assert list(first["mesh_files"]) == ["brick"]
    assert identity() == first
    add_asset(brick, assets, AddOptions(scale=0.001, replace=True, build=BuildOptions(density=500.0)))
    assert identity()["mesh_files"] != first["mesh_files"]


@pytest.fixture
def engine(task: TaskSpec) -> Iterator[Engine]:
    made = make_engine("newton", layout_of(task), 1, 5, 0.05)
    yield made
    made.close()


@pytest.mark.slow
def test_a_brick_stands_and_a_drawer_can_be_shut(task: TaskSpec, engine: Engine) -> None:
    engine.reset(torch.tensor([0]), [SceneSampler(task, layout_of(task)).sample(0)])
    start = engine.state()
    assert start.joint_position[0].tolist() == pytest.approx([0.15, -2 * torch.pi], abs=1e-4)
    drawer = [slot.name for slot in engine.layout.bodies].index("cabinet.drawer")
    assert start.body_position[0, drawer].tolist() == pytest.approx([0.3 - 0.25 - 0.15, 0.5, 0.1], abs=1e-3)
    for _ in range(20):
        engine.step()
    state = engine.state()
    assert state.joint_position[0, 0] == pytest.approx(0.15, abs=2e-3)
    assert state.body_position[0, -1].tolist() == pytest.approx([0.0, -0.2, 0.01], abs=3e-3)
    for _ in range(40):
        engine.apply_wrench("cabinet.drawer", torch.tensor([[12.0, 0.0, 0.0, 0.0, 0.0, 0.0]]))
        engine.step()
    assert engine.state().joint_position[0, 0] == pytest.approx(0.0, abs=3e-3)


@pytest.mark.slow
def test_the_other_engine_takes_rigid_assets(task: TaskSpec) -> None:
    rigid = task_of({"brick": standing({"asset": "brick"}, y=-0.2)})
    engine = make_engine("maniskill", layout_of(rigid), 1, 5, 0.05)
    try:
        engine.reset(torch.tensor([0]), [SceneSampler(rigid, layout_of(rigid)).sample(0)])
        for _ in range(20):
            engine.step()
        assert engine.state().body_position[0, 0].tolist() == pytest.approx([0.0, -0.2, 0.01], abs=3e-3)
    finally:
        engine.close()
