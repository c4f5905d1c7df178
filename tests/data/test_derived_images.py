"""Flows and point clouds in datasets: recorded as observed, described, checked, replayed, cut into windows, shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_tasks import floating, task_of

from simgen.data import DatasetWriter, Episode, Windows, check_dataset, open_dataset
from simgen.data.replay import replay_episode
from simgen.generate import GenerateOptions, generate
from simgen.view.report import write_report

pytestmark = pytest.mark.slow
STEPS = 5
OUTPUTS = ("optical_flow", "pointcloud", "scene_flow")
CAMERA: dict[str, Any] = {
    "mount": "panda_hand",
    "eye": [0.08, 0, 0.02],
    "look_at": [0.05, 0, 0.3],
    "size": [32, 24],
    "outputs": list(OUTPUTS),
}
PATH = "obs/sensor_data/hand"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    task = task_of(
        {"cube": floating({"box": [0.06, 0.06, 0.06]}, 0.3, 0.1)},
        cameras={"hand": CAMERA},
        episode={"max_steps": STEPS},
        render={"triangles_per_link": 200},
    )
    path = tmp_path_factory.mktemp("flows") / "dataset"
    generate(task, path, GenerateOptions(random=3, num_envs=2, seed=4))
    return path


def test_what_is_recorded_is_what_was_asked_for_and_says_what_it_means(dataset: Path) -> None:
    opened = open_dataset(dataset)
    assert sorted(opened[0].obs.below("sensor_data/hand")) == list(OUTPUTS)
    assert {name: opened[0].image("hand", name).shape for name in OUTPUTS} == {
        "optical_flow": (STEPS + 1, 24, 32, 2),
        "scene_flow": (STEPS + 1, 24, 32, 3),
        "pointcloud": (STEPS + 1, 24, 32, 4),
    }
    described = {name: opened.manifest["features"][f"{PATH}/{name}"] for name in OUTPUTS}
    assert {name: (each["unit"], each["names"]) for name, each in described.items()} == {
        "optical_flow": ("px since the previous frame, x right, y down", ["x", "y"]),
        "scene_flow": ("m since the previous frame, world frame", ["x", "y", "z"]),
        "pointcloud": ("m, world frame; the last: 1 = hit, 0 = none", ["x", "y", "z", "hit"]),
    }
    assert {each["dtype"] for each in described.values()} == {"float32"}


def test_every_episode_starts_at_rest_and_is_replayed_to_the_last_bit(dataset: Path) -> None:
    for episode in open_dataset(dataset):
        flow = episode.image("hand", "optical_flow")[:]
        assert not flow[0].any()
        assert flow[1:].any(axis=(1, 2, 3)).all()
    assert replay_episode(dataset, -1).identical


def test_windows_hold_flows(dataset: Path) -> None:
    windows = Windows(open_dataset(dataset), 2, [f"{PATH}/{name}" for name in OUTPUTS])
    flow = windows[1][f"{PATH}/optical_flow"]
    assert np.array_equal(flow.numpy(), open_dataset(dataset)[0].image("hand", "optical_flow")[1:3])


@pytest.mark.parametrize(
    ("changes", "tolerated"),
    [({"optical_flow": 0.05, "scene_flow": 5e-4, "pointcloud": 1e-3}, True), ({"scene_flow": 0.01}, False)],
)
def test_a_replay_tolerates_rounding_and_no_more(
    dataset: Path, tmp_path: Path, changes: dict[str, float], tolerated: bool
) -> None:
    result = replay_episode(rewritten(dataset, tmp_path / "changed", 2, changes), 0)
    assert not result.identical
    assert result.max_image_difference == pytest.approx(max(changes.values()), rel=1e-3)
    assert result.within_tolerance == tolerated


def test_the_check_finds_motion_before_there_was_any(dataset: Path, tmp_path: Path) -> None:
    assert check_dataset(dataset).ok
    problems = check_dataset(rewritten(dataset, tmp_path / "changed", 0, {"scene_flow": 0.1})).problems
    assert [problem.split(": ", 2)[2] for problem in problems] == [f"{PATH}/scene_flow: is not zero in the first frame"]


def test_the_report_shows_them(dataset: Path, tmp_path: Path) -> None:
    text = write_report(dataset, tmp_path / "index.html").path.read_text()
    for name in ("optical_flow", "scene_flow", "pointcloud"):
        assert f">{name}<" in text
    assert "hue is its direction" in text


def rewritten(dataset: Path, path: Path, row: int, changes: dict[str, float]) -> Path:
    """Writes the first episode again with outputs of one frame changed."""
    source = open_dataset(dataset)
    episode = source[0].read()
    arrays = dict(episode.arrays)
    for output, change in changes.items():
        images = arrays[f"{PATH}/{output}"].copy()
        images[row, ..., :2] += np.float32(change)
        arrays[f"{PATH}/{output}"] = images
    with DatasetWriter(path, source.spec, phases=["random"]) as writer:
        writer.write(Episode.from_metadata(episode.metadata(), arrays))
    return path
