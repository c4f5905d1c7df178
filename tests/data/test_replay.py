"""Replaying a recorded episode finds it identical, and says by how much a changed one differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from small_tasks import standing, task_of

from simgen.cli import main
from simgen.data import DatasetWriter, Episode, open_dataset
from simgen.data.manifest import GENERATION
from simgen.data.replay import replay_episode
from simgen.data.replay import task_of as task_of_spec
from simgen.errors import BadInput, SimgenError
from simgen.generate import GenerateOptions, generate
from simgen.spec import TaskSpec

pytestmark = pytest.mark.slow
CAMERA: dict[str, Any] = {
    "eye": [0.4, 0, 0.5],
    "look_at": [0, 0, 0],
    "fov_deg": 60,
    "size": [32, 24],
    "outputs": ["rgb", "depth", "segmentation"],
}
STEPS = 12


def task() -> TaskSpec:
    return task_of(
        {
            "thing": standing(
                {"choose": [{"box": [0.05, 0.05, 0.05]}, {"mug": {}}]},
                scale={"uniform": [0.8, 1.2]},
                pose={"on": "table", "xy": {"uniform": [[-0.05, -0.05], [0.05, 0.05]]}},
            )
        },
        robot={"use": "panda", "control": "pd_ee_delta_pose"},
        cameras={"base": CAMERA},
        episode={"max_steps": STEPS},
        reward=[{"reach": {"body": "thing", "scale": 5.0}}],
        success={"near": {"body": "thing", "at": [0, 0, 0.5], "within": 0.3}},
        teacher={"steps": [{"move": {"to": "thing", "offset": [0, 0, 0.1]}, "seconds": 0.4}], "retries": 0},
        randomize={"thing.mass": {"uniform": [0.1, 0.5]}, "robot.gains": {"scale": [0.8, 1.2]}},
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random episodes, recorded among others in their batch, and failed noisy ones of the teacher."""
    path = tmp_path_factory.mktemp("replay") / "dataset"
    generate(task(), path, GenerateOptions(random=4, num_envs=3, seed=2))
    return path


def rewritten(dataset: Path, path: Path, change: dict[str, np.ndarray]) -> Path:
    """Writes the first episode again with some of its arrays changed."""
    source = open_dataset(dataset)
    episode = source[0].read()
    changed = Episode.from_metadata(episode.metadata(), episode.arrays | change)
    with DatasetWriter(path, source.spec, phases=["random"]) as writer:
        writer.write(changed)
    return path


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_replay_is_identical_whatever_batch_the_episode_was_in(dataset: Path, number: int) -> None:
    result = replay_episode(dataset, number)
    assert result.identical
    assert result.steps == open_dataset(dataset)[number].length
    assert result.max_position_error_m == result.max_image_difference == result.max_reward_difference == 0.0


def test_differences_are_measured(dataset: Path, tmp_path: Path) -> None:
    episode = open_dataset(dataset)[0].read()
    rgb = episode.arrays["obs/sensor_data/base/rgb"].copy()
    rgb[3, 5, 6, 1] ^= 8
    actors = episode.arrays["env_states/actors/thing"].copy()
    actors[4, :3] += np.float32([0.03, 0.0, 0.04])
    rewards = episode.arrays["rewards"] + np.float32(0.25)
    change = {"obs/sensor_data/base/rgb": rgb, "env_states/actors/thing": actors, "rewards": rewards}
    result = replay_episode(rewritten(dataset, tmp_path / "changed", change), 0)
    assert not result.identical
    assert result.max_image_difference == 8
    assert result.max_position_error_m == pytest.approx(0.05, abs=1e-5)
    assert result.max_reward_difference == pytest.approx(0.25, abs=1e-5)
    without_images = replay_episode(tmp_path / "changed", 0, images=False)
    assert without_images.max_image_difference == 0.0
    assert without_images.max_position_error_m == result.max_position_error_m


def edited(dataset: Path, path: str, rows: slice, columns: slice, value: float) -> dict[str, np.ndarray]:
    array = open_dataset(dataset)[0].arrays[path][()].copy()
    array[rows, ..., columns] += np.asarray(value).astype(array.dtype)
    return {path: array}


@pytest.mark.parametrize(
    ("path", "columns", "value", "tolerated"),
    [
        ("env_states/actors/thing", slice(0, 1), np.nan, False),
        ("env_states/actors/thing", slice(3, 4), 1e-6, True),
        ("env_states/actors/thing", slice(12, 13), 1e-6, True),
        ("env_states/articulations/panda", slice(13, 14), 0.01, False),
        ("obs/agent/qvel", slice(0, 1), 1e-3, True),
        ("rewards", slice(None), np.nan, False),
        ("obs/sensor_data/base/depth", slice(None), 3, False),
        ("obs/sensor_data/base/rgb", slice(None), 1, True),
    ],
)
def test_every_difference_is_noticed_and_large_ones_are_not_tolerated(
    dataset: Path, tmp_path: Path, path: str, columns: slice, value: float, tolerated: bool
) -> None:
    if path == "rewards":
        change = {path: open_dataset(dataset)[0].rewards * np.float32(value)}
    else:
        change = edited(dataset, path, slice(3, 5), columns, value)
    result = replay_episode(rewritten(dataset, tmp_path / "edited", change), 0, images="sensor_data" in path)
    assert not result.identical
    assert result.within_tolerance == tolerated
    if np.isnan(value):
        assert np.inf in (result.max_position_error_m, result.max_reward_difference)


def test_other_actions_lead_elsewhere(dataset: Path, tmp_path: Path) -> None:
    actions = -open_dataset(dataset)[0].actions
    result = replay_episode(rewritten(dataset, tmp_path / "other", {"actions": actions}), 0)
    assert not result.identical
    assert result.max_joint_error > 0.01


def test_executed_actions_are_replayed_and_not_their_labels(tmp_path: Path) -> None:
    path = tmp_path / "noisy"
    impossible = task_of(
        {"cube": standing({"box": [0.04, 0.04, 0.04]}, x=0.1, y=0.2)},
        robot={"use": "panda", "control": "pd_ee_delta_pose"},
        episode={"max_steps": STEPS},
        success={"near": {"body": "cube", "at": [0, 0, 0.5], "within": 0.01}},
        teacher={"steps": [{"move": {"to": [0.1, 0.2, 0.2]}, "seconds": 0.5}]},
    )
    options = GenerateOptions(teacher=1, num_envs=1, noise=0.1, keep_failures=True, max_attempts=1)
    with pytest.raises(SimgenError, match="only 0 of 1"):
        generate(impossible, path, options)
    arrays = open_dataset(path)[0].arrays
    assert len(arrays["actions"]) == STEPS
    assert np.abs(arrays["executed_actions"][()] - arrays["actions"][()]).max() > 0.01
    assert replay_episode(path, 0).identical


def test_the_task_of_a_dataset_is_the_task_it_was_made_of(dataset: Path) -> None:
    spec = open_dataset(dataset).spec
    assert GENERATION in spec
    assert task_of_spec(spec, task().name) == task()


def test_a_replay_tells_that_a_mesh_file_has_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "block.obj", str(tmp_path / "out")
    trimesh.creation.box((0.05, 0.05, 0.05)).export(file)
    thing = {"mesh": str(file), "pose": {"on": "table", "xy": [0, 0]}}
    generate(task_of({"block": thing}, episode={"max_steps": 2}), out, GenerateOptions(random=1, num_envs=1))
    assert replay_episode(out, 0).changed_meshes == ()
    trimesh.creation.box((0.05, 0.05, 0.06)).export(file)
    main(["replay", out, "--json"])
    written = capsys.readouterr()
    assert json.loads(written.out.splitlines()[-1])["changed_meshes"] == ["block"]
    assert "note: the mesh files of object 'block' have changed since the episode was recorded" in written.err


def test_an_episode_that_is_not_there_is_refused(dataset: Path) -> None:
    with pytest.raises(BadInput, match="there is no episode 4; allowed: 0 to 3"):
        replay_episode(dataset, 4)
