"""What a run refuses before it begins, what it leaves behind, and what it tells the dataset about the arrays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_tasks import COIN, contents, task_of

from simgen.data import DatasetWriter, Episode, check_dataset, open_dataset
from simgen.env.task_env import TaskEnv
from simgen.errors import BadInput
from simgen.generate import GenerateOptions, generate
from simgen.generate.part import TaskPart
from simgen.generate.run import dataset_spec
from simgen.generate.share import Share, Turns
from simgen.spec import TaskSpec, load_task

pytestmark = pytest.mark.slow

OPTIONS = GenerateOptions(random=1, num_envs=2)
CAMERA = {"eye": [0.4, 0, 0.5], "look_at": [0, 0, 0], "size": [16, 12], "outputs": ["rgb", "depth", "segmentation"]}
CORNERS = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
FACES = ("124", "143", "578", "586", "156", "162", "348", "387", "137", "175", "268", "284")


def write_block(path: Path, size: float) -> None:
    """Writes a cube with this side [m] as a mesh file."""
    lines = [f"v {x * size} {y * size} {z * size}" for x, y, z in CORNERS]
    lines += [f"f {' '.join(face)}" for face in FACES]
    path.write_text("\n".join(lines))


def with_camera() -> TaskSpec:
    return load_task({**COIN, "cameras": {"base": CAMERA}, "render": {"triangles_per_link": 200}})


def test_a_start_that_fails_is_simply_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> TaskEnv:
        raise BadInput("this cannot be built.")

    with monkeypatch.context() as patch:
        patch.setattr("simgen.generate.part.make_env", broken)
        with pytest.raises(BadInput, match="cannot be built"):
            generate(load_task(COIN), tmp_path / "out", OPTIONS)
    generate(load_task(COIN), tmp_path / "out", replace(OPTIONS, seed=5, codec="gzip"))
    assert list(contents(tmp_path / "out")) == [("random", 0)]
    assert check_dataset(tmp_path / "out").problems == []


def test_resume_notices_that_a_mesh_file_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "block.obj"
    write_block(file, 0.05)
    task = task_of(
        {"block": {"mesh": str(file), "pose": {"on": "table", "xy": [0, 0]}}}, episode={"max_steps": 2}, name="mesh"
    )
    generate(task, tmp_path / "out", OPTIONS)
    generate(task, tmp_path / "out", replace(OPTIONS, random=2, resume=True))
    write_block(file, 0.06)
    with pytest.raises(BadInput, match=r"generation\.mesh_files\.block: .* now; the mesh files .* have changed"):
        generate(task, tmp_path / "out", replace(OPTIONS, random=3, resume=True))


def test_the_device_is_part_of_what_a_dataset_is_made_of(tmp_path: Path) -> None:
    task = load_task(COIN)
    part = TaskPart(task, Share(Turns([1.0]), 0), {"random": 1, "teacher": 0}, OPTIONS)
    of_cuda = dataset_spec(task, [part], replace(OPTIONS, device="cuda:1"))
    assert of_cuda["generation"]["device"] == "cuda"
    assert "mesh_files" not in of_cuda["generation"]
    with DatasetWriter(tmp_path / "out", of_cuda) as writer:
        writer.discard("random", 0, seed=1, reason="failure")
    with pytest.raises(BadInput, match=r'generation\.device: "cuda" in the dataset, "cpu" now; another device rounds'):
        generate(task, tmp_path / "out", replace(OPTIONS, resume=True))


def test_actions_beyond_their_bounds_are_found(tmp_path: Path) -> None:
    generate(load_task(COIN), tmp_path / "sound", replace(OPTIONS, random=0, teacher=1, noise=0.1))
    source = open_dataset(tmp_path / "sound")
    assert check_dataset(tmp_path / "sound").problems == []
    actions, joints = source.features["actions"], source.features["obs/agent/qpos"]
    assert (actions["low"], actions["high"]) == ([-1.0] * 8, [1.0] * 8)
    assert (actions["names"][0], actions["names"][-1]) == ("panda_joint1", "gripper")
    assert len(joints["names"]) == joints["shape"][0] == 9
    episode = source[0].read()
    wrong = {"actions": episode.arrays["actions"] + np.float32(3), "executed_actions": episode.arrays["actions"] - 3}
    with DatasetWriter(tmp_path / "wrong", source.spec, features=source.manifest["feature_notes"]) as writer:
        writer.write(Episode.from_metadata(episode.metadata(), episode.arrays | wrong))
    problems = check_dataset(tmp_path / "wrong").problems
    assert len(problems) == 2
    assert "executed_actions" in problems[1]
    assert "beyond low" in problems[1]
    assert "values beyond high" in problems[0]


@pytest.mark.slow
def test_the_number_of_worlds_does_not_matter_to_images(tmp_path: Path) -> None:
    changes = ("cameras.base.size=[32, 32]", "render.triangles_per_link=200", "episode.max_steps=20")
    task = load_task("pick_cube", changes)
    for num_envs in (2, 16):
        generate(task, tmp_path / str(num_envs), GenerateOptions(random=16, num_envs=num_envs, seed=4))
    assert contents(tmp_path / "2") == contents(tmp_path / "16")
    assert open_dataset(tmp_path / "2")[0].rgb("base").shape == (21, 32, 32, 3)
