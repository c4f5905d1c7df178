"""Recorded states drawn again: as they were, from elsewhere, in other looks; and that nothing else can be changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from data.rerender.small_recording import OUTPUTS, small_recording
from data.synthetic_episodes import make_episode

from simgen.data import Dataset, DatasetWriter, check_dataset, open_dataset
from simgen.data.replay import LOOKS_SEED, replay_episode
from simgen.data.rerender import LookChanges, RenderOptions, render_dataset
from simgen.data.rerender.recorded import RecordedStates
from simgen.errors import BadInput, SimgenError
from simgen.generate import GenerateOptions, generate
from simgen.spec import load_task
from simgen.world.scene.layout import layout_of

SIDE = "side={eye: [0.6, -0.6, 0.5], look_at: cube, fov_deg: 50, size: [48, 32], outputs: [rgb, depth, optical_flow]}"
LOOKS = {
    "camera.side.eye": {"jitter": 0.05},
    "light.intensity": {"uniform": [0.6, 1.3]},
    "table.texture": {"choose": ["tiles", "planks"]},
    "cube.color": {"choose": ["purple", "orange"]},
}


@pytest.fixture(scope="session")
def pick(shared_dir: Path) -> Path:
    """Two random and one teacher episode of pick_cube, with what can be derived from motion."""
    return small_recording(shared_dir)


def same_content(one: Dataset, other: Dataset) -> bool:
    """Whether all episodes have the same content hash."""
    return [episode.sha256 for episode in one] == [episode.sha256 for episode in other]


def test_unchanged_it_is_what_was_recorded_bit_for_bit(pick: Path, tmp_path: Path) -> None:
    rendered = render_dataset(pick, tmp_path / "same", RenderOptions(num_envs=2))
    recorded, drawn = open_dataset(pick), open_dataset(tmp_path / "same")
    assert same_content(recorded, drawn)
    assert rendered.as_dict()["frames"] == sum(episode.length for episode in recorded)
    assert set(rendered.as_dict()["cameras"]["base"]) == set(OUTPUTS)
    assert recorded.features["obs/sensor_data/base/optical_flow"] == drawn.features["obs/sensor_data/base/optical_flow"]
    assert recorded.features["actions"] == drawn.features["actions"]
    (source,) = drawn.manifest["sources"]
    assert source["name"] == pick.name
    assert len(source["sha256"]) == 64


@pytest.mark.parametrize(
    ("task", "overrides"),
    [
        ("open_drawer", ["episode.max_steps=12", "cameras.base.size=[48, 48]"]),
        ("nav_people", ["episode.max_steps=12", "cameras.front.size=[64, 36]"]),
    ],
)
def test_moving_parts_rooms_and_people_are_where_they_were(task: str, overrides: list[str], tmp_path: Path) -> None:
    (camera,) = load_task(task).cameras
    overrides = [*overrides, f"cameras.{camera}.outputs=[rgb, segmentation, optical_flow]"]
    generate(load_task(task, overrides), tmp_path / "recorded", GenerateOptions(random=1, num_envs=1))
    render_dataset(tmp_path / "recorded", tmp_path / "drawn", RenderOptions())
    recorded, drawn = open_dataset(tmp_path / "recorded"), open_dataset(tmp_path / "drawn")
    assert same_content(recorded, drawn)
    assert np.abs(drawn[0].image(camera, "optical_flow")[-1]).max() > 0  # the robot moved


class _Stopped(Exception):
    pass


@pytest.fixture(scope="session")
def views(pick: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same three episodes from the side, two versions of each in drawn looks; stopped in the middle, and resumed
    with another batch."""

    def stop(what: str, done: int, total: int) -> None:
        if done == 3:
            raise _Stopped

    folder = tmp_path_factory.mktemp("views") / "views"
    options = RenderOptions(LookChanges(camera=(SIDE,), only=("side",), randomize=LOOKS), variants=2)
    with pytest.raises(_Stopped):
        render_dataset(pick, folder, replace(options, num_envs=1), stop)
    with pytest.raises(BadInput, match="already holds a dataset"):
        render_dataset(pick, folder, options)
    with pytest.raises(BadInput, match="generation.rendering.seed: 0 in the dataset, 1 now"):
        render_dataset(pick, folder, replace(options, seed=1, resume=True))
    rendered = render_dataset(pick, folder, replace(options, resume=True))
    assert 0 < rendered.drawn_frames < rendered.frames
    return folder


def test_versions_differ_in_looks_alone(pick: Path, views: Path) -> None:
    recorded, drawn = open_dataset(pick), open_dataset(views)
    assert [(episode.phase, episode.index) for episode in drawn] == [
        (episode.phase, 2 * episode.index + variant) for episode in recorded for variant in (0, 1)
    ]
    assert check_dataset(views).ok
    for number, episode in enumerate(drawn):
        source = recorded[number // 2]
        assert episode.cameras == ["side"]
        assert episode.rgb("side").shape == (source.length + 1, 32, 48, 3)
        assert episode.origin["source"] == pick.name
        assert (episode.origin["index"], episode.origin["variant"]) == (source.index, number % 2)
        assert episode.seed == source.seed
        assert episode.randomisation["cube.mass"] == source.randomisation["cube.mass"]
        assert episode.randomisation["cube.color"] in episode.instruction
        for path in source.arrays:
            if not path.startswith(("obs/sensor_data/", "obs/sensor_param/")):
                np.testing.assert_array_equal(source.arrays[path][()], episode.arrays[path][()])
    first, second = drawn[0], drawn[1]
    assert first.randomisation["light.intensity"] != second.randomisation["light.intensity"]
    assert (first.rgb("side")[0] != second.rgb("side")[0]).mean() > 0.3


@pytest.mark.parametrize("number", [0, 5])  # drawn alone before the stop, and with others after it
def test_simulating_anew_with_these_looks_gives_the_same_pictures(views: Path, number: int) -> None:
    assert (LOOKS_SEED in open_dataset(views)[number].origin) == bool(number % 2)
    replay = replay_episode(views, number)
    assert replay.identical
    assert replay.max_image_difference == 0


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (LookChanges(overrides=("scene.objects.cube.friction=2",)), "scene.objects.cube.friction"),
        (LookChanges(overrides=("robot.use=xarm7",)), "robot.use"),
        (LookChanges(overrides=("episode.max_steps=10",)), "episode.max_steps"),
        (LookChanges(randomize={"cube.mass": {"uniform": [0.1, 0.2]}}), "randomize.cube.mass"),
        (LookChanges(randomize={"table.friction": {"uniform": [0.1, 0.2]}}), "randomize.table.friction"),
        (LookChanges(randomize={"cube.colour": {"choose": ["red"]}}), "did you mean 'cube.color'"),
        (LookChanges(only=("bases",)), "did you mean 'base'"),
        (LookChanges(camera=("side",)), "has no value"),
        (LookChanges(overrides=("cameras.base.fov_deg=500",)), "1 to 179"),
    ],
)
def test_what_moves_things_is_refused_by_name(pick: Path, tmp_path: Path, changes: LookChanges, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        render_dataset(pick, tmp_path / "out", RenderOptions(changes))
    assert not (tmp_path / "out").exists()


def test_versions_that_would_be_equal_are_refused(tmp_path: Path, pick: Path) -> None:
    task = load_task("pick_cube", ["randomize={}", "scene.objects.cube.color=red"])
    with DatasetWriter(tmp_path / "plain", task.resolved()) as writer:
        writer.write(make_episode(0))
    with pytest.raises(BadInput, match="--variants 2: nothing in the looks"):
        render_dataset(tmp_path / "plain", tmp_path / "out", RenderOptions(variants=2))
    with pytest.raises(BadInput, match="lies in the dataset"):
        render_dataset(pick, pick / "inside", RenderOptions())


def test_what_does_not_come_from_a_task_is_refused(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "registered", {"name": "pick_cube", "env_id": "PickCube-v1"}) as writer:
        writer.write(make_episode(0))
    with pytest.raises(BadInput, match="ManiSkill's own environment PickCube-v1"):
        render_dataset(tmp_path / "registered", tmp_path / "out", RenderOptions())
    source = {"format": "lerobot", "version": "v3.0"}
    with DatasetWriter(tmp_path / "imported", {"name": "pick_cube", "source": source}) as writer:
        writer.write(make_episode(0))
    with pytest.raises(BadInput, match="imported .lerobot v3.0.*drawn again"):
        render_dataset(tmp_path / "imported", tmp_path / "out", RenderOptions())


def test_states_that_do_not_fit_the_task_are_told() -> None:
    states = RecordedStates(layout_of(load_task("pick_cube")), 9, 1, torch.device("cpu"))
    episode = make_episode(0)
    with pytest.raises(SimgenError, match="random episode 0: env_states/actors/goal is missing"):
        states.require(episode.arrays, episode.name)
    episode.arrays["env_states/actors/goal"] = np.zeros((7, 12), np.float32)
    with pytest.raises(SimgenError, match=r"is of shape \[7, 12\]; needed are 13 numbers"):
        states.require(episode.arrays, episode.name)
