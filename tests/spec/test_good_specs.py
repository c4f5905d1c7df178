"""Right tasks are read as they are written."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from simgen.errors import BadInput
from simgen.paths import tasks_dir
from simgen.spec import (
    Distribution,
    Mixture,
    RegisteredSpec,
    TaskSpec,
    gate_call,
    load_any_task,
    load_task,
    load_task_or_mixture,
    mesh_files,
    observation_call,
    observation_label,
    parse_task,
    resolved,
    task_hash,
)

DESIGN = """\
name: pick_cube
instruction: "pick up the {cube.color} cube and bring it to the green goal"
robot: {use: panda, control: pd_ee_delta_pose}
episode: {max_steps: 100, control_hz: 20, sim_hz: 100}
scene:
  table: {use: table}
  objects:
    cube:
      choose:                                   # heterogeneous: each world has its own
        - {box: [0.04, 0.04, 0.04]}
        - {cylinder: {radius: 0.02, height: 0.05}}
        - {mesh: objects/mug_*}
      color: {choose: [red, blue, yellow]}
      pose: {on: table, xy: {uniform: [[-0.1, -0.1], [0.1, 0.1]]}, yaw: {uniform: [-3.14, 3.14]}}
    goal: {marker: {sphere: 0.02}, color: green, pose: {above: table, xy: {uniform: [[-0.1, -0.1], [0.1, 0.1]]}, \
z: {uniform: [0.05, 0.3]}}}
cameras:
  # outputs: rgb depth segmentation normals albedo
  base:  {eye: [0.3, 0, 0.6], look_at: [-0.1, 0, 0.1], fov_deg: 90, size: [128, 128], \
outputs: [rgb, depth, segmentation]}
  hand:  {mount: panda_hand, eye: [0.05, 0, 0.04], look_at: [0.05, 0, 1], up: [1, 0, 0]}
observe: {policy: [qpos, qvel, tcp_pose, goal_position], privileged: [cube_pose, is_grasped]}
reward:
  - {reach: {body: cube, scale: 5.0}, weight: 1.0}
  - {grasped: {body: cube}, weight: 1.0}
  - {place: {body: cube, at: goal, scale: 5.0}, weight: 1.0, when: grasped}
success: {all: [{near: {body: cube, at: goal, within: 0.025}}, {robot_static: {below: 0.2}}]}
randomize:
  cube.friction: {uniform: [0.5, 1.5]}
  cube.mass: {log_uniform: [0.05, 0.5]}
  robot.gains: {scale: [0.8, 1.2]}
  camera.base.eye: {jitter: 0.02}
  light: {direction: {jitter: 0.2}, intensity: {uniform: [0.8, 1.2]}}
teacher:
  - {move: {to: cube, offset: [0, 0, 0.10]}, gripper: open, seconds: 0.75}
  - {move: {to: cube}, seconds: 0.5}
  - {grip: close, seconds: 0.3}
  - {move: {to: goal}, seconds: 1.0}
"""


def with_line(good: str, old: str, new: str) -> str:
    assert old in good
    return good.replace(old, new, 1)


def test_the_task_of_the_design_loads_as_it_is(tmp_path, registry):
    (tmp_path / "objects").mkdir()
    for name in ("mug_red.obj", "mug_blue.obj"):
        (tmp_path / "objects" / name).write_text("v 0 0 0\n")
    path = tmp_path / "pick.yaml"
    path.write_text(DESIGN, encoding="utf-8")
    task = load_task(path, registry=registry)
    cube = task.scene.objects["cube"]
    assert [shape.kind for shape in cube.shapes] == ["box", "cylinder", "mesh"]
    assert cube.pose.relation == "on"
    assert cube.pose.target == "table"
    assert task.scene.objects["goal"].shapes[0].kind == "sphere"
    assert task.success is not None
    assert [call.name for call in task.success.calls()] == ["near", "robot_static"]
    assert set(task.randomize) >= {"light.direction", "light.intensity", "cube.mass"}
    assert [step.kind for step in task.teacher.steps] == ["move", "move", "grip", "move"]
    found = mesh_files(cube.shapes[2].mesh, registry.mesh_folders)
    assert [file.name for file in found] == ["mug_blue.obj", "mug_red.obj"]
    assert load_task(resolved(task), registry=registry) == task


MIXTURES = sorted((tasks_dir() / "mixtures").glob("*.yaml"))


@pytest.mark.parametrize("path", MIXTURES, ids=lambda path: path.stem)
def test_every_mixture_that_is_shipped_loads_and_is_called_like_its_file(path):
    mixture = load_task_or_mixture(path)
    assert isinstance(mixture, Mixture)
    assert mixture.name == path.stem
    assert load_task_or_mixture(mixture.resolved()) == mixture


@pytest.mark.parametrize(
    "path", sorted({*tasks_dir().rglob("*.yaml")} - {*MIXTURES}), ids=lambda path: "-".join(path.parts[-2:])
)
def test_every_task_that_is_shipped_loads_and_is_called_like_its_file(path):
    task = load_any_task(path)
    assert task.name == (task.env_id if isinstance(task, RegisteredSpec) else path.stem)
    assert load_any_task(task.resolved()) == task


def test_resolved_is_json_and_reads_back_equal(good, registry):
    task = parse_task(good, registry=registry)
    copy = load_task(json.loads(json.dumps(resolved(task))), registry=registry)
    assert copy == task
    assert task_hash(copy) == task_hash(task)


def test_no_table_stays_no_table_when_read_back(good, registry):
    text = with_line(good, "table: {use: table, texture: wood}", "table: null").replace("on: table", "on: ground")
    task = parse_task(text.replace("above: table", "above: ground"), registry=registry)
    assert task.scene.table is None
    assert load_task(resolved(task), registry=registry) == task


def test_the_hash_depends_on_what_is_meant_and_not_on_how_it_is_written(good, registry):
    first = task_hash(parse_task(good, registry=registry))
    radians = f"yaw: {{uniform: [{-math.pi / 2}, {math.pi / 2}]}}"
    spaced = with_line(good, "yaw_deg: {uniform: [-90, 90]}", radians).replace(
        "scale: 5}}", "scale: 5.0}}  # as before"
    )
    assert task_hash(parse_task(spaced, registry=registry)) == first
    assert task_hash(parse_task(good, overrides=["episode.max_steps=61"], registry=registry)) != first


def test_degrees_become_radians(good, registry):
    task = parse_task(good, registry=registry)
    pose = task.scene.objects["cube"].pose
    assert isinstance(pose.yaw, Distribution)
    assert pose.yaw.bounds() == pytest.approx((-math.pi / 2, math.pi / 2))
    assert pose.yaw_deg is None
    turned = with_line(good, "distance: 0.2", "distance: 0.2, rpy_deg: [90, 0, 0]")
    assert parse_task(turned, registry=registry).scene.objects["bowl"].pose.rpy == pytest.approx((math.pi / 2, 0, 0))


def test_yaml_words_stay_words_and_small_numbers_are_numbers(good, registry):
    text = "description: off\n" + good
    task = parse_task(text.replace("within: 0.03", "within: 1e-3"), registry=registry)
    assert task.description == "off"
    assert next(iter(task.success.calls())).parameters["within"] == 0.001
    assert parse_task(good, overrides=["render.shadows=false"], registry=registry).render.shadows is False


@pytest.mark.parametrize(
    ("override", "read", "expected"),
    [
        ("episode.max_steps=50", lambda task: task.episode.max_steps, 50),
        ("render.light.intensity=2", lambda task: task.render.light.intensity, 2.0),
        ("reward.0.weight=0.5", lambda task: task.reward[0].weight, 0.5),
        ("reward.1.place.scale=3", lambda task: task.reward[1].term.parameters["scale"], 3.0),
        ("teacher.0.seconds=2", lambda task: task.teacher.steps[0].duration, 2.0),
        ("cameras.base.size=[64, 48]", lambda task: task.cameras["base"].size, (64, 48)),
        ("randomize.cube.friction={uniform: [1, 2]}", lambda task: task.randomize["cube.friction"].uniform, (1.0, 2.0)),
        ("randomize.robot.gains={scale: [1, 2]}", lambda task: task.randomize["robot.gains"].scale, (1.0, 2.0)),
        ("scene.objects.bowl.color=white", lambda task: task.scene.objects["bowl"].color, "white"),
        ("teacher=null", lambda task: task.teacher, None),
    ],
)
def test_overrides_change_one_value(good, registry, override, read, expected):
    assert read(parse_task(good, overrides=[override], registry=registry)) == expected


def test_a_mesh_of_the_assets_stays_relative_and_one_beside_the_task_becomes_absolute(task_file, good, registry):
    (task_file.parent / "part.stl").write_bytes(b"solid")
    task_file.write_text(with_line(good, "bowl: {}", "mesh: part.stl"), encoding="utf-8")
    mesh = load_task(task_file, registry=registry).scene.objects["bowl"].mesh
    assert mesh is not None
    assert Path(mesh) == task_file.parent.resolve() / "part.stl"


def test_short_forms_of_terms(good, registry):
    task = parse_task(good, registry=registry)
    call = observation_call(task.observe.privileged[0], task.scene.objects)
    assert (call.name, call.parameters) == ("pose", {"body": "cube"})
    assert observation_label(call) == "cube_pose"
    gate = gate_call(task.reward[1], registry.named("condition")["grasped"])
    assert gate.parameters == {"body": "cube"}
    assert registry.named("reward")["reach"].complete({"body": "cube"}) == {"body": "cube", "scale": 5.0}


def test_a_teacher_may_be_a_list_or_have_retries(good, registry):
    task = parse_task(good, registry=registry)
    assert task.teacher.retries == 2
    assert task.teacher.steps[2].move.towards == "bowl"
    written = resolved(task)
    written["teacher"]["retries"] = 5
    assert load_task(written, registry=registry).teacher.retries == 5


def test_a_spec_cannot_be_changed_once_read(good, registry):
    task = parse_task(good, registry=registry)
    with pytest.raises(ValueError, match="frozen"):
        task.name = "other"  # type: ignore[misc]


def test_a_task_is_found_by_name_and_by_path(tmp_path, good, registry, task_file):
    assert isinstance(load_task("pick_cube", registry=registry), TaskSpec)
    assert load_task(str(task_file), registry=registry).name == "sort"
    with pytest.raises(BadInput, match="unknown task 'pick_cub'; did you mean 'pick_cube'"):
        load_task("pick_cub", registry=registry)
    with pytest.raises(BadInput, match=r"no such file; did you mean 'sort\.yaml'"):
        load_task(tmp_path / "sorts.yaml", registry=registry)
    with pytest.raises(BadInput, match="is a folder"):
        load_task(tmp_path, registry=registry)
