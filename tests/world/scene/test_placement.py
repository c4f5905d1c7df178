"""Where objects stand: relations, ranges, no overlap, everything on its surface."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.spatial.transform import Rotation
from small_tasks import task_of

from simgen.errors import BadInput
from simgen.spec import TaskSpec
from simgen.world.scene.layout import layout_of
from simgen.world.scene.objects import TABLE_HEIGHT
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Body, Scene
from simgen.world.scene.slots import Layout

BOX = {"box": [0.06, 0.04, 0.05]}
EVERYWHERE = {"uniform": [[-0.2, -0.3], [0.2, 0.3]]}
TURNED = {"uniform": [-3.0, 3.0]}


class Sampled:
    """Scenes of a task, and where the surfaces of their objects are."""

    def __init__(self, objects: dict[str, Any], **fields: Any) -> None:
        self.task: TaskSpec = task_of(objects, **fields)
        self.layout: Layout = layout_of(self.task)
        self.sampler = SceneSampler(self.task, self.layout)

    def scene(self, seed: int) -> Scene:
        return self.sampler.sample(seed)

    def body(self, scene: Scene, name: str) -> Body:
        return scene.bodies[self.layout.slot(name)]

    def points(self, scene: Scene, name: str) -> np.ndarray:
        """Vertices of an object in the world [m]."""
        index = self.layout.slot(name)
        body = scene.bodies[index]
        vertices = self.layout.bodies[index].candidates[body.candidate].visual.vertices
        rotation = Rotation.from_quat(body.quaternion, scalar_first=True)
        return rotation.apply(vertices * body.scale) + body.position


def separable(first: np.ndarray, second: np.ndarray) -> bool:
    """Says whether a plane lies between two sets of points, so that their convex hulls do not meet."""
    rows = np.concatenate([np.c_[-first, np.ones(len(first))], np.c_[second, -np.ones(len(second))]])
    return linprog(np.zeros(4), A_ub=rows, b_ub=-np.full(len(rows), 1e-3), bounds=[(None, None)] * 4).success


def test_crowded_scenes_have_no_overlap_and_everything_stands_on_the_table() -> None:
    kinds = [{"mug": {}}, {"bowl": {}}, {"l_shape": {}}, {"cylinder": {"radius": 0.03, "height": 0.1}}, BOX]
    tilted = {"rpy_deg": [90, 0, 0]}
    objects = {
        f"thing{number}": {
            "choose": kinds,
            "scale": {"uniform": [0.7, 1.3]},
            "pose": {"on": "table", "xy": EVERYWHERE, "yaw": TURNED, **(tilted if number == 1 else {})},
        }
        for number in range(5)
    }
    sampled = Sampled(objects)
    for seed in range(40):
        scene = sampled.scene(seed)
        clouds = [sampled.points(scene, name) for name in objects]
        for cloud in clouds:
            assert cloud[:, 2].min() == pytest.approx(0.0, abs=1e-6)
        for first, second in itertools.combinations(clouds, 2):
            assert separable(first, second), f"two objects overlap in the scene of seed {seed}"


def test_poses_fill_their_ranges() -> None:
    pose = {"on": "table", "xy": {"uniform": [[0.1, -0.2], [0.15, -0.1]]}, "yaw_deg": {"uniform": [10, 20]}}
    goal = {"marker": {"sphere": 0.01}, "pose": {"above": "table", "xy": [0.3, 0.4], "z": {"uniform": [0.1, 0.2]}}}
    sampled = Sampled({"box": {**BOX, "pose": pose}, "goal": goal})
    scenes = [sampled.scene(seed) for seed in range(200)]
    x, y, z = np.array([sampled.body(scene, "box").position for scene in scenes]).T
    yaws = [2 * np.arctan2(*sampled.body(scene, "box").quaternion[[3, 0]]) for scene in scenes]
    for values, low, high in ((x, 0.1, 0.15), (y, -0.2, -0.1), (np.degrees(yaws), 10, 20)):
        assert low <= min(values) < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < max(values) <= high
    np.testing.assert_allclose(z, 0.025)
    heights = [sampled.body(scene, "goal").position for scene in scenes]
    np.testing.assert_allclose(np.array(heights)[:, :2], [[0.3, 0.4]] * 200)
    assert 0.1 <= min(h[2] for h in heights) < 0.11 < 0.19 < max(h[2] for h in heights) <= 0.2


def test_beside_keeps_the_distance_in_every_direction() -> None:
    near = {"pose": {"beside": "first", "distance": {"uniform": [0.15, 0.2]}}}
    fixed = {"pose": {"beside": "first", "xy": [-0.3, 0.1]}}
    sampled = Sampled(
        {"second": {**BOX, **near}, "first": {**BOX, "pose": {"xy": EVERYWHERE}}, "third": {**BOX, **fixed}}
    )
    angles = []
    for seed in range(60):
        scene = sampled.scene(seed)
        first, second, third = (sampled.body(scene, name).position for name in ("first", "second", "third"))
        way = (second - first)[:2]
        assert 0.15 <= np.linalg.norm(way) <= 0.2
        angles.append(np.arctan2(*way))
        np.testing.assert_allclose(third - first, [-0.3, 0.1, 0.0], atol=1e-12)
    assert np.ptp(angles) > np.pi


def test_on_and_in_put_an_object_on_the_top_or_the_inner_floor_of_another() -> None:
    sampled = Sampled(
        {
            "ball": {"sphere": 0.01, "pose": {"in": "bin", "xy": {"uniform": [[-0.01, -0.01], [0.01, 0.01]]}}},
            "bin": {"bin": {"wall": 0.004}, "pose": {"xy": [0.2, 0.2]}, "scale": 1.5},
            "tower": {**BOX, "pose": {"xy": EVERYWHERE, "yaw": TURNED}},
            "hat": {**BOX, "pose": {"on": "tower"}},
            "tip": {"sphere": 0.02, "pose": {"on": "hat"}},
        }
    )
    for seed in range(20):
        scene = sampled.scene(seed)
        tower, hat, tip = (sampled.body(scene, name).position for name in ("tower", "hat", "tip"))
        np.testing.assert_allclose(hat, [tower[0], tower[1], 0.075], atol=1e-7)
        np.testing.assert_allclose(tip, [tower[0], tower[1], 0.12], atol=1e-6)
        ball, inside = sampled.points(scene, "ball"), sampled.points(scene, "bin")
        assert ball[:, 2].min() == pytest.approx(0.006, abs=1e-6)  # the floor is as thick as a wall, at its scale
        assert np.all(ball.min(axis=0) > inside.min(axis=0))
        assert np.all(ball.max(axis=0) < inside.max(axis=0))


def test_what_stands_on_the_ground_is_under_the_table_s_height() -> None:
    objects = {
        "crate": {"box": [0.3, 0.3, 0.3], "pose": {"on": "ground", "xy": [1.2, 0.5]}},
        "hat": {**BOX, "pose": {"on": "crate"}},
        "lamp": {"marker": {"sphere": 0.05}, "pose": {"above": "ground", "xy": [0, 0], "z": 0.1}},
    }
    sampled = Sampled(objects)
    scene = sampled.scene(0)
    assert sampled.points(scene, "crate")[:, 2].min() == pytest.approx(-TABLE_HEIGHT)
    assert sampled.points(scene, "hat")[:, 2].min() == pytest.approx(0.3 - TABLE_HEIGHT, abs=1e-6)
    assert sampled.body(scene, "lamp").position[2] == pytest.approx(0.1 - TABLE_HEIGHT)
    bare = Sampled({"crate": objects["crate"]}, scene={"table": None, "objects": {"crate": objects["crate"]}})
    assert bare.points(bare.scene(0), "crate")[:, 2].min() == pytest.approx(0.0)


def test_clearance_is_kept_and_markers_need_none() -> None:
    row = {"uniform": [[-0.1, 0.0], [0.1, 0.0]]}
    cube = {"box": [0.04, 0.04, 0.04], "pose": {"xy": row, "clearance": 0.05}}
    marker = {"marker": {"box": [0.04, 0.04, 0.04]}, "pose": {"on": "table", "xy": [0, 0]}}
    sampled = Sampled({"a": cube, "b": cube, "mark": marker})
    gaps = []
    for seed in range(100):
        scene = sampled.scene(seed)
        gaps.append(abs(sampled.body(scene, "a").position[0] - sampled.body(scene, "b").position[0]) - 0.04)
    assert 0.05 <= min(gaps) < 0.055


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ({"a": BOX, "b": BOX}, r"scene\.objects\.b: cannot be placed"),
        ({"tiny": BOX, "huge": {"box": [1.3, 2.5, 0.1], "pose": {"xy": EVERYWHERE}}}, r"scene\.objects\.huge: cannot"),
        ({"a": BOX, "b": {**BOX, "pose": {"beside": "a", "distance": 2.0}}}, r"scene\.objects\.b: .* off the table"),
    ],
)
def test_what_cannot_be_placed_is_named(objects: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Sampled(objects).scene(0)


def test_what_is_put_exactly_somewhere_is_not_asked_to_keep_clear() -> None:
    place = {"on": "table", "xy": [0.0, 0.0]}
    rug, cube = {"box": [0.4, 0.4, 0.02], "fixed": True}, {**BOX, "pose": place}
    with pytest.raises(BadInput, match="cube: cannot be placed"):
        Sampled({"rug": {**rug, "pose": place}, "cube": cube}).scene(0)
    bodies = Sampled({"rug": {**rug, "pose": {**place, "exact": True}}, "cube": cube}).scene(0).bodies
    np.testing.assert_allclose([body.position[:2] for body in bodies], np.zeros((2, 2)))
