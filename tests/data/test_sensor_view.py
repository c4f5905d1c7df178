"""Recordings seen through sensors: the same images however they are read, late and lost frames, clean files."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from synthetic_episodes import make_episode

from simgen.data import Windows, open_dataset
from simgen.data.manifest import read_manifest, write_manifest
from simgen.errors import BadInput
from simgen.spec.sensors import SensorSpec
from simgen.world.sensor.sensor import Sensor

BASE: dict[str, Any] = {
    "depth": {"model": "stereo", "focal_px": 300.0, "min_m": 0.3, "edge_holes": 0.5, "shadow": False},
    "rgb": {"noise": 0.05, "exposure": {"uniform": [0.7, 1.4]}},
    "latency_steps": {"choose": [0, 2]},
    "drop": 0.2,
}
RGB, DEPTH = (f"obs/sensor_data/base/{output}" for output in ("rgb", "depth"))


def with_camera(index: int, length: int = 20):
    """An episode whose camera's matrix is one."""
    episode = make_episode(index, length=length)
    matrix = np.array([[20.0, 0.0, 8.0], [0.0, 20.0, 8.0], [0.0, 0.0, 1.0]], np.float32)
    episode.arrays["obs/sensor_param/base/intrinsic_cv"] = np.tile(matrix, (length + 1, 1, 1))
    return episode


@pytest.fixture
def path(write_dataset: Callable[..., Path]) -> Path:
    return write_dataset(episodes=[with_camera(index) for index in range(4)], episodes_per_shard=3)


def test_images_are_those_of_the_sensor(path: Path) -> None:
    sensor = Sensor("base", SensorSpec.model_validate(BASE))
    clean, seen = open_dataset(path), open_dataset(path, sensors={"base": BASE})
    assert list(seen.sensors) == ["base"]
    lags = set()
    for before, after in zip(clean, seen, strict=True):
        frames = [sensor.shown_frame(after.seed, step) for step in range(21)]
        lags.add(20 - frames[20])
        seeds = [after.seed] * 21
        for output in ("rgb", "depth"):
            images = torch.from_numpy(before.image("base", output)[()][frames])
            matrices = torch.from_numpy(before.obs["sensor_param/base/intrinsic_cv"][()])
            expected = sensor.spoilt(output, images, matrices, seeds, frames).numpy()
            np.testing.assert_array_equal(after.image("base", output)[()], expected)
            assert (expected != images.numpy()).any()
        np.testing.assert_array_equal(after.segmentation("base")[()], before.segmentation("base")[()][frames])
        for path_of in ("actions", "obs/agent/qpos", "obs/sensor_param/base/intrinsic_cv"):
            np.testing.assert_array_equal(after.arrays[path_of][()], before.arrays[path_of][()])
    assert len(lags) > 1


@pytest.mark.parametrize(
    "selection",
    [3, -1, np.int64(4), slice(2, 9), slice(None, None, -3), [5, 2, 5], np.arange(21) % 2 == 0, ..., (),
     (4, slice(2, 5)), (slice(3, 6), ..., 0), (..., 0), slice(5, 5), ([1, 7], 3, slice(None))],
    ids=str,
)  # fmt: skip
def test_any_selection_gives_the_same(path: Path, selection: Any) -> None:
    episode = open_dataset(path, sensors={"base": BASE})[1]
    for output in ("rgb", "depth", "segmentation"):
        array = episode.image("base", output)
        whole = np.asarray(array)
        assert array.shape == whole.shape
        assert array.dtype == whole.dtype
        np.testing.assert_array_equal(array[selection], whole[selection])
    with pytest.raises(IndexError):
        episode.rgb("base")[21]


def test_windows_in_loader_workers(path: Path) -> None:
    from torch.utils.data import DataLoader

    seen = open_dataset(path, sensors={"base": BASE})
    windows = Windows(seen, length=6, keys=[RGB, DEPTH, "actions"], stride=4)
    batches = list(DataLoader(windows, batch_size=3, num_workers=2))
    rows = [row for batch in batches for row in batch[DEPTH].numpy()]
    assert len(rows) == len(windows) == 16
    for number in range(len(windows)):
        episode, start = windows.locate(number)
        np.testing.assert_array_equal(rows[number], seen[episode].depth("base")[start : start + 6])
    copy = pickle.loads(pickle.dumps(seen))
    np.testing.assert_array_equal(copy[2].rgb("base")[4], seen[2].rgb("base")[4])


def test_views_of_a_view_keep_the_sensors(path: Path) -> None:
    seen = open_dataset(path, sensors={"base": BASE})
    noisy = seen[2].depth("base")[7]
    for other in (seen[1:][1], seen.filter(success=True)[1], seen.episode("random", 2)):
        np.testing.assert_array_equal(other.depth("base")[7], noisy)
    np.testing.assert_array_equal(seen[2].read().arrays[DEPTH][7], noisy)
    np.testing.assert_array_equal(seen[2].obs.below("sensor_data/base")["depth"][7], noisy)


def test_what_is_stored_stays_clean(path: Path) -> None:
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    seen = open_dataset(path, sensors="kinect_v1")
    assert (np.asarray(seen[0].depth("base")) != np.asarray(open_dataset(path)[0].depth("base"))).any()
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    assert not open_dataset(path, sensors=False).sensors


def test_sensors_of_the_task(path: Path) -> None:
    with pytest.raises(BadInput, match="the task describes no sensors"):
        open_dataset(path, sensors=True)
    manifest = path / "dataset.json"
    text = manifest.read_text(encoding="utf-8")
    assert '"name": "pick_cube"' in text
    described = '"sensors": {"base": {"rgb": {"noise": 0.3}}}, "name": "pick_cube"'
    manifest.write_text(text.replace('"name": "pick_cube"', described, 1), encoding="utf-8")
    seen = open_dataset(path, sensors=True)
    assert (seen[0].rgb("base")[0] != open_dataset(path)[0].rgb("base")[0]).mean() > 0.9


def test_each_task_of_a_mixture_has_its_own_sensors(
    write_dataset: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    episodes = [with_camera(index) for index in range(4)]
    for episode in episodes[1:]:
        episode.task = f"task_{episode.index}"
    path = write_dataset(episodes=episodes)
    specs: list[dict[str, Any]] = [{"name": episode.task} for episode in episodes]
    describe_mixture(path, specs)
    with pytest.raises(BadInput, match="the task describes no sensors"):
        open_dataset(path, sensors=True)
    specs[0]["sensors"], specs[2]["sensors"] = {"base": {"rgb": {"noise": 0.3}}}, {"base": {"depth": BASE["depth"]}}
    describe_mixture(path, specs)
    clean, seen = open_dataset(path), open_dataset(path, sensors=True)
    assert "no sensors in task_1, task_3" in caplog.text
    for index, spoilt in enumerate([{"rgb"}, set(), {"depth"}, set()]):
        for output in ("rgb", "depth"):
            changed = (seen[index].image("base", output)[()] != clean[index].image("base", output)[()]).any()
            assert changed == (output in spoilt), (index, output)
        assert bool(seen[index].sensors) == bool(spoilt)
    both = open_dataset(path, sensors={"base": {"rgb": {"noise": 0.3}}})
    assert all((each.rgb("base")[0] != clean[each.number].rgb("base")[0]).any() for each in both)
    wrong: list[dict[str, Any]] = [dict(spec) for spec in specs]
    wrong[2]["sensors"] = {"bse": {"rgb": {"noise": 0.3}}}
    describe_mixture(path, wrong)
    with pytest.raises(BadInput, match="did you mean 'base'"):
        open_dataset(path, sensors=True)


def describe_mixture(path: Path, tasks: list[dict[str, Any]]) -> None:
    """Makes a dataset say that it was made from these tasks."""
    spec = {"name": "several", "mixture": [{"task": task, "weight": 1.0} for task in tasks]}
    write_manifest(path, read_manifest(path) | {"spec": spec})


def test_what_does_not_fit_is_said(path: Path, write_dataset: Callable[..., Path]) -> None:
    for given, message in (("kinect_v", "did you mean 'kinect_v[12]'"), ({"bse": {}}, "did you mean 'base'")):
        with pytest.raises(BadInput, match=message):
            open_dataset(path, sensors=given)
    blind = make_episode(0)
    del blind.arrays["obs/sensor_param/base/intrinsic_cv"]
    seen = open_dataset(write_dataset("blind", [blind]), sensors={"base": {"depth": {}, "rgb": {"noise": 0.1}}})
    assert seen[0].rgb("base")[0].any()
    with pytest.raises(BadInput, match="the matrix of camera base was not recorded"):
        seen[0].depth("base")[0]
