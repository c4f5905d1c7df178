"""Articulated objects: what they are made of, where their parts are, and what a scene draws of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from small_tasks import task_of

from simgen.errors import BadInput
from simgen.spec import vocabulary
from simgen.spec.parts import shape_parts
from simgen.spec.shape import ShapeSpec
from simgen.world.scene.articulated import ARTICULATED_KINDS, articulated, make_articulated, part_pose
from simgen.world.scene.layout import layout_of
from simgen.world.scene.model import ArticulatedModel, Collider
from simgen.world.scene.objects.assemble import piece_points
from simgen.world.scene.sample import SceneSampler

CABINET = {"cabinet": {"drawers": 2, "doors": 2, "height": 0.6, "width": 0.5}}


def box_of(piece: Collider, position: np.ndarray, rotation: Rotation) -> np.ndarray:
    points = rotation.apply(piece_points(piece)) + position
    return np.stack([points.min(axis=0), points.max(axis=0)])


def touching(model: ArticulatedModel, travel: dict[str, float]) -> list[tuple[str, str]]:
    """Pairs of parts (or a part and the root, "") whose boxes share space at these joint positions."""
    boxes = {"": [box_of(piece, np.zeros(3), Rotation.identity()) for piece in model.root.colliders]}
    for name, part in model.parts.items():
        place = part_pose(np.zeros(3), Rotation.identity(), part.joint, travel.get(name, 0.0))
        boxes[name] = [box_of(piece, *place) for piece in part.model.colliders]
    names = list(boxes)
    return [
        (first, second)
        for index, first in enumerate(names)
        for second in names[index + 1 :]
        for a in boxes[first]
        for b in boxes[second]
        if np.all(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0]) > 1e-4)
    ]


@pytest.mark.parametrize("kind", ARTICULATED_KINDS)
def test_the_vocabulary_knows_the_kinds_and_their_parts(kind: str) -> None:
    known = vocabulary.OBJECTS[kind].parameters
    for name, parameter in ARTICULATED_KINDS[kind].parameters.items():
        assert (known[name].low, known[name].high) == (parameter.low, parameter.high), name
    assert {*ARTICULATED_KINDS[kind].parameters, "seed"} <= set(known)
    assert shape_parts(ShapeSpec.model_validate({kind: {}})) == tuple(make_articulated(kind).parts)


def test_the_numbers_of_drawers_and_doors_are_those_that_are_written() -> None:
    model = make_articulated("cabinet", **CABINET["cabinet"])
    assert list(model.parts) == ["drawer_1", "drawer_2", "door_1", "door_2"]
    assert shape_parts(ShapeSpec.model_validate(CABINET)) == tuple(model.parts)
    assert make_articulated("cabinet", 5).topology == make_articulated("cabinet", 6).topology


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("travel", [0.0, 0.5, 1.0])
def test_drawers_run_free_of_the_cabinet(seed: int, travel: float) -> None:
    model = make_articulated("cabinet", seed, drawers=3, height=0.5)
    out = {name: travel * part.joint.upper for name, part in model.parts.items()}
    assert touching(model, out) == []


def test_closed_doors_are_free_of_the_cabinet_and_open_ones_swing_out_to_their_own_sides() -> None:
    model = make_articulated("cabinet", **CABINET["cabinet"])
    assert touching(model, {}) == []
    for name, side in (("door_1", 1.0), ("door_2", -1.0)):
        joint = model.parts[name].joint
        closed, _ = part_pose(np.zeros(3), Rotation.identity(), joint, 0.0)
        opened, _ = part_pose(np.zeros(3), Rotation.identity(), joint, np.pi / 2)
        assert opened[0] > closed[0] + 0.1, "outwards, along +x"
        assert side * (opened[1] - closed[1]) > 0.1, "towards its hinge"


def test_the_frame_of_a_part_is_in_its_handle() -> None:
    model = make_articulated("cabinet")
    drawer = model.parts["drawer_1"]
    bar = drawer.model.colliders[-3]
    assert np.allclose(bar.position, 0.0)
    assert drawer.joint.position[0] > model.root.bounds[1, 0] + 0.03, "in front of the cabinet"


def test_a_faucet_lever_turns_from_the_side_to_over_the_spout() -> None:
    joint = make_articulated("faucet").parts["lever"].joint
    closed, _ = part_pose(np.zeros(3), Rotation.identity(), joint, 0.0)
    opened, _ = part_pose(np.zeros(3), Rotation.identity(), joint, np.pi / 2)
    assert closed[1] < -0.05
    assert opened[0] > 0.05
    assert (abs(closed[0]), abs(opened[1])) < (1e-9, 1e-9)


def test_mass_and_inertia_of_painted_pieces_are_those_of_their_union() -> None:
    from simgen.world.scene.articulated.painted import box, painted
    from simgen.world.scene.objects import make_object

    two = painted("halves", [box((-0.1, -0.2, -0.3), (0.0, 0.2, 0.3)), box((0.0, -0.2, -0.3), (0.1, 0.2, 0.3))])
    one = make_object("box", size=[0.2, 0.4, 0.6])
    assert two.volume == pytest.approx(one.volume)
    assert np.allclose(two.inertia, one.inertia)
    assert np.allclose(two.center_of_mass, 0.0)


def test_impossible_cabinets_are_told() -> None:
    with pytest.raises(BadInput, match="needs a drawer or a door"):
        make_articulated("cabinet", drawers=0, doors=0)
    with pytest.raises(BadInput, match="drawers are lower than 50 mm"):
        make_articulated("cabinet", drawers=6)


def test_a_scene_puts_parts_where_their_joints_are() -> None:
    objects = {
        "cabinet": {
            **CABINET, "fixed": True, "scale": 0.8, "color": "teal",
            "open": {"drawer_1": 0.5, "door_1": {"choose": [1.0]}},
            "pose": {"on": "table", "xy": [0.2, 0.1], "yaw_deg": 180},
        }
    }  # fmt: skip
    task = task_of(objects, randomize={"cabinet.joint_friction": {"uniform": [3.0, 3.0]}})
    layout = layout_of(task)
    names = [slot.name for slot in layout.bodies]
    assert names == ["cabinet", *(f"cabinet.{part}" for part in ("drawer_1", "drawer_2", "door_1", "door_2"))]
    scene = SceneSampler(task, layout).sample(7)
    bodies = dict(zip(names, scene.bodies, strict=True))
    model = make_articulated("cabinet", **CABINET["cabinet"])
    joint = model.parts["drawer_1"].joint
    drawer = bodies["cabinet.drawer_1"]
    assert drawer.hanging is not None
    assert drawer.hanging.start == pytest.approx(0.5 * 0.8 * joint.upper)
    expected = [0.2, 0.1, 0.0] + np.array([-1.0, -1.0, 1.0]) * 0.8 * (joint.position + [0.5 * joint.upper, 0.0, 0.0])
    assert np.allclose(drawer.position, expected)
    assert drawer.color == bodies["cabinet"].color
    assert drawer.hanging.joint.friction == pytest.approx(3.0 * joint.friction)
    assert scene.values["cabinet.open.door_1"] == 1.0
    door = bodies["cabinet.door_1"].hanging
    assert door is not None
    assert door.start == door.joint.upper


def test_moving_parts_that_differ_do_not_share_a_model() -> None:
    objects = {
        "cabinet": {"choose": [{"cabinet": {"drawers": 1}}, {"cabinet": {"drawers": 2}}], "fixed": True},
    }
    with pytest.raises(BadInput, match="same moving parts"):
        layout_of(task_of(objects))


def test_what_has_moving_parts_has_one_scale() -> None:
    objects = {"faucet": {"faucet": {}, "fixed": True, "scale": [1.0, 1.0, 2.0]}}
    with pytest.raises(BadInput, match="one factor for all axes"):
        layout_of(task_of(objects))


def test_what_hangs_on_a_part_follows_it() -> None:
    """As engines want the joints of a tree: each branch to its end before the next."""
    parts = dict(make_articulated("cabinet", **CABINET["cabinet"]).parts)
    on_door = replace(parts["drawer_2"], joint=replace(parts["drawer_2"].joint, parent="door_1"))
    root = make_articulated("cabinet").root
    model = articulated("cabinet", root, {**parts, "drawer_2": on_door})
    assert list(model.parts) == ["drawer_1", "door_1", "drawer_2", "door_2"]
