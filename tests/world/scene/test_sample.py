"""Scenes from seeds: what is drawn, what is recorded, and what it depends on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from small_tasks import standing, task_of

from simgen.errors import BadInput
from simgen.paths import tasks_dir
from simgen.spec import TaskSpec, load_task
from simgen.spec.find import task_names
from simgen.spec.vocabulary import RANDOMIZABLE
from simgen.world.scene.color import parse_color, srgb_to_linear
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene
from simgen.world.scene.variants import variants_of

CUBE = {"box": [0.04, 0.04, 0.04]}
KINDS = [CUBE, {"sphere": 0.03}, {"cylinder": {"radius": 0.02, "height": 0.05}}, {"mug": {}}]
DRAWN = {
    "choose": KINDS,
    "color": {"choose": ["red", "blue"]},
    "mass": {"log_uniform": [0.05, 0.5]},
    "scale": {"uniform": [0.8, 1.2]},
    "pose": {"xy": {"uniform": [[-0.1, -0.1], [0.1, 0.1]]}, "yaw": {"uniform": [-3, 3]}},
}
CAMERA = {"eye": [0.5, 0, 0.5], "look_at": [0, 0, 0]}


def sampler(task: TaskSpec) -> SceneSampler:
    return SceneSampler(task, layout_of(task))


def plain(value: Any) -> Any:
    """Returns a scene as nested plain values, so that two can be compared."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("name", task_names(tasks_dir() / "tabletop"))
def test_the_same_seed_gives_the_same_scene_and_others_differ(name: str) -> None:
    task = variants_of(load_task(name))[-1].task
    assert isinstance(task, TaskSpec)
    first, second = sampler(task), sampler(task)
    second.sample(99)
    scenes = [plain(first.sample(seed)) for seed in range(5)]
    assert scenes == [plain(second.sample(seed)) for seed in range(5)]
    assert len({json.dumps(scene, sort_keys=True) for scene in scenes}) == 5


def test_another_object_or_range_changes_nothing_for_the_others() -> None:
    few = sampler(task_of({"cube": DRAWN}, cameras={"base": CAMERA}))
    far = {"on": "table", "xy": {"uniform": [[-0.1, 0.6], [0.1, 0.9]]}}
    more = sampler(
        task_of(
            {"cube": DRAWN, "other": {**DRAWN, "pose": far}},
            cameras={"base": CAMERA, "side": CAMERA},
            randomize={"other.friction": {"uniform": [0.1, 0.2]}, "light.intensity": {"uniform": [0.5, 1]}},
        )
    )
    for seed in range(20):
        assert plain(more.sample(seed).bodies[0]) == plain(few.sample(seed).bodies[0])
        assert plain(more.sample(seed).robot) == plain(few.sample(seed).robot)


def test_values_are_in_their_ranges_and_recorded() -> None:
    drawing = sampler(task_of({"cube": DRAWN}))
    candidates = set()
    for seed in range(60):
        scene = drawing.sample(seed)
        body = scene.bodies[0]
        candidates.add(body.candidate)
        assert 0.05 <= body.mass <= 0.5
        assert np.all((body.scale >= 0.8) & (body.scale <= 1.2) & (body.scale == body.scale[0]))
        assert scene.values["cube.mass"] == body.mass
        assert scene.values["cube.scale"] == body.scale[0]
        assert scene.values["cube.color"] == body.color_name
        assert body.color == pytest.approx(tuple(srgb_to_linear(parse_color(body.color_name))))
        assert json.loads(json.dumps(scene.values)) == scene.values
    assert candidates == set(range(len(KINDS)))


def test_written_values_are_taken_as_they_are() -> None:
    looks = {"mass": 0.3, "friction": 0.7, "color": [0.2, 0.4, 0.6], "texture": "marble", "scale": [1, 2, 3]}
    task = task_of({"cube": standing(CUBE, 0.1, **looks), "dense": standing(CUBE, -0.1, density=500)})
    scene = sampler(task).sample(0)
    cube, dense = scene.bodies
    assert (cube.mass, cube.friction, cube.texture) == (0.3, 0.7, "marble")
    assert cube.color == pytest.approx(tuple(srgb_to_linear([0.2, 0.4, 0.6])))
    assert cube.scale.tolist() == [1, 2, 3]
    assert (dense.mass, dense.density) == (None, 500)
    assert cube.position[2] == pytest.approx(0.06)
    assert scene.values == {}


RANGES: dict[str, Any] = {
    "color": {"choose": ["red", "blue"]},
    "texture": {"choose": ["wood", "marble"]},
    "eye": {"jitter": 0.1},
    "look_at": {"jitter": [0.1, 0.0, 0.1]},
    "direction": {"jitter": 0.2},
    "fov_deg": {"uniform": [40, 50]},
    "gravity": {"uniform": [-10, -9]},
    "com": {"jitter": 0.01},
    "delay": {"choose": [1, 3]},
}


@pytest.mark.parametrize("path", [entry.path for entry in RANDOMIZABLE])
def test_every_path_of_randomize_changes_the_scene_and_is_recorded(path: str) -> None:
    path = path.replace("camera.*", "camera.base").replace("*", "cube")
    drawn = RANGES.get(path.rpartition(".")[2], {"uniform": [0.3, 0.4]})
    fields: dict[str, Any] = {"cameras": {"base": CAMERA}}
    moving = path.startswith("cube.joint_")
    objects = {"cube": standing({"faucet": {}}, fixed=True) if moving else standing(CUBE)}
    usual = sampler(task_of(objects, **fields)).sample(1)
    randomize = {path: drawn}
    if path.endswith(".push_interval"):
        randomize[path.removesuffix("_interval")] = {"choose": [1.0]}
    varied = sampler(task_of(objects, randomize=randomize, **fields))
    scenes = [varied.sample(seed) for seed in range(1, 12)]
    assert set(scenes[0].values) == set(randomize)
    values = {json.dumps(scene.values[path]) for scene in scenes}
    assert len(values) == 2 if "choose" in drawn else len(values) == len(scenes)
    seen = {json.dumps(_without_seed(scene), sort_keys=True) for scene in scenes}
    assert len(seen) >= len(values)
    assert any(_without_seed(scene) != _without_seed(usual) for scene in scenes)


def test_a_delay_is_the_nearest_whole_number_of_control_steps() -> None:
    drawing = sampler(task_of({"cube": standing(CUBE)}, randomize={"robot.delay": {"uniform": [0.6, 2.4]}}))
    scenes = [drawing.sample(seed) for seed in range(20)]
    assert {scene.robot.delay for scene in scenes} == {1, 2}
    assert all(scene.values["robot.delay"] == scene.robot.delay for scene in scenes)


def _without_seed(scene: Scene) -> dict[str, Any]:
    """A scene without its seed, the robot's noise and the record of what was drawn."""
    out = plain(scene)
    del out["seed"], out["values"], out["robot"]["qpos"]
    return out


def test_relative_draws_change_the_value_that_is_there() -> None:
    task = task_of(
        {"cube": standing(CUBE, mass=0.2, friction=2.0)},
        cameras={"base": CAMERA},
        randomize={
            "cube.mass": {"scale": [0.9, 1.1]},
            "cube.friction": {"jitter": 0.5},
            "camera.base.eye": {"jitter": [0.02, 0.0, 0.0]},
            "robot.gains": {"scale": [0.5, 2.0]},
            "robot.stiffness": {"uniform": [2.0, 2.0]},
        },
    )
    for seed in range(30):
        scene = sampler(task).sample(seed)
        assert 0.18 <= scene.bodies[0].mass <= 0.22
        assert 1.5 <= scene.bodies[0].friction <= 2.5
        eye = scene.cameras[0].eye
        assert abs(eye[0] - 0.5) <= 0.02
        assert eye[1:].tolist() == [0.0, 0.5]
        assert 0.5 <= scene.robot.damping_scale <= 2.0
        assert scene.robot.stiffness_scale == pytest.approx(2.0 * scene.robot.damping_scale)


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a")])
def test_different_from_never_gives_the_same_shape(order: tuple[str, ...]) -> None:
    """Also where the object that asks for it comes first in the file, and where the other has fewer shapes."""
    shapes = {"a": KINDS, "b": KINDS[:2], "c": KINDS[:1]}
    asks = {"a": {"different_from": ["b", "c"]}, "b": {"different_from": "c"}, "c": {}}
    places = {"a": -0.3, "b": 0.0, "c": 0.3}
    objects = {name: {"choose": shapes[name], **asks[name], "pose": {"xy": [0, places[name]]}} for name in order}
    drawing = sampler(task_of(objects))
    seen = set()
    for seed in range(40):
        scene = drawing.sample(seed)
        chosen = {name: body.candidate for name, body in zip(order, scene.bodies, strict=True)}
        assert len(set(chosen.values())) == 3
        seen.add(tuple(sorted(chosen.items())))
    assert len(seen) >= 2


def test_different_from_that_cannot_be_is_named() -> None:
    objects = {"a": standing(CUBE, 0.1), "b": {**standing(CUBE, -0.1), "different_from": "a"}}
    with pytest.raises(BadInput, match=r"scene\.objects\.b\.different_from: b cannot always differ from a"):
        sampler(task_of(objects)).sample(0)


def test_the_instruction_says_what_is_there() -> None:
    words = "put the {cube.color} {cube.kind} ({cube.class}, {cube.name}) on the {goal.color} {goal.kind}"
    goal = {"marker": {"box_with_hole": {}}, "color": [0.0, 0.0, 1.0], "pose": {"on": "table", "xy": [0.3, 0.3]}}
    drawing = sampler(task_of({"cube": {**DRAWN, "class": "cargo"}, "goal": goal}, instruction=words))
    texts = {drawing.sample(seed).instruction for seed in range(40)}
    colors, kinds = ("red", "blue"), ("box", "sphere", "cylinder", "mug")
    assert texts == {
        f"put the {color} {kind} (cargo, cube) on the blue box with hole" for color in colors for kind in kinds
    }


def test_the_robot_starts_near_rest_with_noise_on_the_arm_only() -> None:
    task = task_of({}, robot={"use": "panda", "qpos_noise": 0.05})
    layout = layout_of(task)
    qpos = np.array([SceneSampler(task, layout).sample(seed).robot.qpos for seed in range(200)])
    assert qpos[:, :7].std(axis=0) == pytest.approx(0.05, rel=0.25)
    assert np.all(qpos[:, 7:] == 0.04)
    still = task_of({}, robot={"use": "panda", "qpos_noise": 0.0})
    assert sampler(still).sample(1).robot.qpos.tolist() == sampler(still).sample(2).robot.qpos.tolist()


def test_a_camera_can_look_at_an_object_wherever_it_is() -> None:
    task = task_of({"cube": DRAWN}, cameras={"base": {**CAMERA, "look_at": "cube"}})
    for seed in range(5):
        scene = sampler(task).sample(seed)
        assert scene.cameras[0].look_at.tolist() == scene.bodies[0].position.tolist()


def test_a_mesh_with_its_own_colours_keeps_them_unless_the_task_gives_one(tmp_path: Path) -> None:
    for name, color in (("leaf", [20, 160, 40, 255]), ("plain", None)):
        block = trimesh.creation.box((0.04, 0.04, 0.04))
        if color is not None:
            block.visual.vertex_colors = np.tile(color, (len(block.vertices), 1))
        block.export(tmp_path / f"{name}.ply")
    leaf, plain = ({"mesh": str(tmp_path / f"{name}.ply")} for name in ("leaf", "plain"))
    objects = {"a": standing(plain, y=-0.3), "b": standing(leaf, y=-0.1), "c": standing(leaf, y=0.1, color="red")}
    task = task_of(objects, instruction="the {b.color} one and the {c.color} one")
    scene = sampler(task).sample(0)
    assert [body.color_name for body in scene.bodies] == ["red", "green", "red"]
    np.testing.assert_allclose(scene.bodies[1].color, 1.0)
    np.testing.assert_allclose(scene.bodies[2].color, srgb_to_linear(parse_color("red")))
    assert scene.instruction == "the green one and the red one"
