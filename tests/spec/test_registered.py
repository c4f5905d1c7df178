"""Tasks that ManiSkill defines: read by id or from a file, with clear errors and what simgen ships first."""

from __future__ import annotations

from pathlib import Path

import pytest

from simgen.errors import BadInput
from simgen.spec import RegisteredSpec, TaskSpec, load_any_task

WRITTEN = """\
name: push
env_id: PushCube-v1
robot: {control: pd_joint_pos}
episode: {max_steps: 70}
cameras:
  base_camera: {size: [64, 48], eye: [0.5, 0, 0.5], look_at: [0, 0, 0]}
poses: [box_hole_pose]
teacher:
  - move: {to: cube, offset: [-0.1, 0, 0]}
"""


def test_an_id_alone_is_a_task() -> None:
    task = load_any_task("NoSuchTaskOfOurs-v1")
    assert isinstance(task, RegisteredSpec)
    assert (task.name, task.env_id, task.images.outputs) == (
        task.env_id,
        "NoSuchTaskOfOurs-v1",
        ("rgb", "depth", "segmentation"),
    )


def test_a_file_says_what_is_changed_and_survives_being_resolved(tmp_path: Path) -> None:
    path = tmp_path / "push.yaml"
    path.write_text(WRITTEN)
    task = load_any_task(path, ["episode.max_steps=50", "images.size=[32, 32]"])
    assert isinstance(task, RegisteredSpec)
    assert (task.name, task.episode.max_steps, task.images.size) == ("push", 50, (32, 32))
    assert task.cameras["base_camera"].size == (64, 48)
    assert load_any_task(task.resolved()) == task


def test_what_the_environment_decides_is_filled_in_and_what_is_written_stays() -> None:
    task = load_any_task({"env_id": "PushCube-v1", "robot": {"control": "pd_joint_pos"}})
    assert isinstance(task, RegisteredSpec)
    full = task.completed(
        robot="panda", control="pd_joint_delta_pos", max_steps=50, control_hz=20, sim_hz=100, reward="dense"
    )
    assert (full.robot.use, full.robot.control) == ("panda", "pd_joint_pos")
    assert (full.episode.max_steps, full.episode.control_hz, full.episode.sim_hz) == (50, 20, 100)
    assert full.completed("fetch", "other", 1, 1, 1, "sparse") == full


def test_a_task_of_our_own_stays_one() -> None:
    assert isinstance(load_any_task("pick_cube"), TaskSpec)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"env_id": "PushCube"}, r"env_id: 'PushCube' cannot be used here. Allowed: an id such as PickCube-v1"),
        ({"robt": {}}, r"unknown field 'robt'. .*did you mean 'robot'\?"),
        ({"cameras": {"hand": {"eye": [0, 0, 1]}}}, r"cameras.hand: 'eye' and 'look_at' go together"),
        ({"episode": {"max_steps": 0}}, r"episode.max_steps: 0 is out of range. Allowed: 1 to 100000 control steps"),
        ({"reward": "shaped"}, r"reward: 'shaped' is unknown. Allowed: normalized_dense, dense, sparse, none"),
        ({"images": {"size": [4, 4]}}, r"images.size.0: 4 is out of range. Allowed: 8 to 4096 pixels"),
        ({"teacher": [{"move": {"to": "cube"}, "secnds": 1}]}, r"teacher.0.secnds: unknown field 'secnds'"),
    ],
)
def test_faults_are_told(change: dict, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        load_any_task({"env_id": "PushCube-v1"} | change)


def test_the_environments_of_maniskill_derive_no_images() -> None:
    with pytest.raises(BadInput, match="'optical_flow' is unknown. Allowed: rgb, depth, segmentation"):
        load_any_task({"env_id": "PushCube-v1", "images": {"outputs": ["rgb", "optical_flow"]}})
