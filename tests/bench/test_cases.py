"""Which configurations a sweep has, and the tasks that they measure."""

from __future__ import annotations

import pytest
from small_tasks import COIN, standing, task_of

from simgen.bench import BenchOptions
from simgen.bench.cases import cases_of, parse_outputs
from simgen.errors import BadInput
from simgen.spec import TaskSpec, load_task

CAMERA = {"eye": [0.4, 0.1, 0.5], "look_at": [0.1, 0.1, 0.0], "size": [64, 48], "outputs": ["rgb"]}


def seen() -> TaskSpec:
    return task_of({"cube": standing({"box": [0.04, 0.04, 0.04]})}, cameras={"base": CAMERA})


def test_every_combination_is_there_once() -> None:
    cases = cases_of(seen(), BenchOptions(), (1, 8), (32, 64), ("state", "rgb", "rgb+depth"))
    assert [tuple(case.row().values()) for case in cases] == [
        (1, "", "state"),
        (8, "", "state"),
        *((worlds, f"{side} x {side}", outputs) for outputs in ("rgb", "rgb+depth") for side in (32, 64)
          for worlds in (1, 8)),
    ]  # fmt: skip
    for case in cases:
        assert case.options.images == (case.row()["outputs"] != "state")
        assert case.options.num_envs == case.row()["num_envs"]


def test_without_wishes_it_is_the_task_itself() -> None:
    task = seen()
    (case,) = cases_of(task, BenchOptions(), (64,))
    assert case.task == task
    assert case.row() == {"num_envs": 64, "size": "64 x 48", "outputs": "rgb"}
    (blind,) = cases_of(load_task(COIN), BenchOptions(), (64,), (32,), ("rgb",))
    assert blind.row()["outputs"] == "state", "a task without cameras has no images"


def test_more_cameras_look_at_the_same_from_other_sides() -> None:
    (case,) = cases_of(seen(), BenchOptions(), (1,), cameras=3)
    cameras = case.task.cameras
    assert list(cameras) == ["base", "base_2", "base_3"]
    places = [camera.eye for camera in cameras.values()]
    assert places[0] == (0.4, 0.1, 0.5)
    assert {place[2] for place in places} == {0.5}
    for place in places:
        assert (place[0] - 0.1) ** 2 + (place[1] - 0.1) ** 2 == pytest.approx(0.09)
    assert len({tuple(round(value, 6) for value in place) for place in places}) == 3
    assert {camera.size for camera in cameras.values()} == {(64, 48)}
    (one,) = cases_of(case.task, BenchOptions(), (1,), cameras=1)
    assert list(one.task.cameras) == ["base"]


def test_outputs_by_their_names() -> None:
    assert parse_outputs("state") == ()
    assert parse_outputs("rgb+depth+segmentation") == ("rgb", "depth", "segmentation")
    with pytest.raises(BadInput, match=r"--outputs: unknown image 'rgbd'.*state"):
        parse_outputs("rgbd")
    with pytest.raises(BadInput, match="--cameras 2: coin has no camera that could be copied"):
        cases_of(load_task(COIN), BenchOptions(), (1,), cameras=2)
