"""The comparison itself: equal engines are equal, and what differs is found, with place and time."""

from __future__ import annotations

import json

import numpy as np
import pytest
from bench.parity.conftest import side_of
from small_tasks import COIN

from simgen.bench.parity import Parity, ParityOptions, compare, figures
from simgen.bench.parity.figures import disagreeing, disagreement
from simgen.bench.parity.film import choose
from simgen.bench.parity.open_loop import APART, NEVER, OpenEpisode, OpenLoop
from simgen.bench.parity.sides import Episode

pytestmark = pytest.mark.slow


def test_equal_engines_are_equal(equal: Parity) -> None:
    assert equal.ok
    found = figures(equal)
    json.dumps(found, allow_nan=False)
    assert (found["segmentation_iou"], found["depth_error_m"], found["joint_error_rad"]) == (1.0, 0.0, 0.0)
    assert found["success_newton"] == found["success_newton_2"] > 0.5
    assert found["first_frames"]["rgb_mean"] == 0.0
    assert found["first_frames"]["frames"] == 4
    every = found["open_loop"]["all"]
    assert every["object_error_m"]["p95"] == every["tool_error_m"]["p95"] == 0.0
    assert every["tool_error_rad"]["p95"] < 1e-6
    assert every["apart"] == 0
    assert every["success_agreement"] == 1.0
    assert found["open_loop"]["disagreements"] == []
    contacts = found["open_loop"]["contacts"]
    assert contacts["both"] == contacts["same_step"] >= 2  # the teacher's grasps
    assert contacts["only_first"] == contacts["only_second"] == 0
    assert found["closed_loop"]["agreement"]["only_first"] == found["closed_loop"]["agreement"]["only_second"] == 0


def test_half_of_the_open_loop_is_the_teachers(equal: Parity) -> None:
    policies = [one.episode.policy for one in equal.open_loop.episodes]
    assert policies == ["random", "teacher"] * 2
    for one in equal.open_loop.episodes:
        assert len(one.joint) == len(one.tool) == len(one.object) == one.steps + 1
        if one.episode.policy == "random":
            assert one.steps == 60
        elif one.succeeded[0] != NEVER:
            assert one.steps == min(60, one.succeeded[0] + 10)  # half a second to settle


def test_what_differs_is_found(unequal: Parity) -> None:
    assert not unequal.ok
    targets = {target.name: target for target in unequal.targets()}
    assert targets["segmentation IoU"].ok is False
    assert targets["difference of teacher success"].ok is False
    found = figures(unequal)
    assert found["success_newton"] > 0.5
    assert found["success_other"] == 0.0
    assert found["joint_error_rad"] > 0.0
    closed = found["closed_loop"]
    assert closed["agreement"]["only_first"] == closed["newton"]["successes"]
    assert len(closed["disagreements"]) == closed["newton"]["successes"]
    assert 0.0 < closed["mcnemar_p"] < 1.0
    assert closed["newton"]["interval"][0] < closed["newton"]["rate"]
    worst = found["open_loop"]["disagreements"][0]
    assert worst["policy"] == "teacher"
    assert worst["success"] == {"newton": True, "other": False}
    assert worst["seed"] in [one.episode.seed for one in unequal.open_loop.episodes]
    for name in unequal.names:
        assert set(worst["touched_before"][name]) <= {"cube"}


def test_the_film_shows_both_engines(unequal: Parity) -> None:
    film = unequal.film
    assert film is not None
    longest = max(unequal.open_loop.episodes[place].steps for place in film.places)
    assert film.frames.shape == (longest + 1, 2, 2, 64, 64, 3)
    assert film.captions == ("typical", "worst")
    assert film.frames[0].std() > 10
    assert (film.frames[-1] != film.frames[0]).any()


def test_without_cameras_and_teacher_the_rest_is_compared() -> None:
    task = {name: value for name, value in COIN.items() if name not in ("teacher", "success")}
    with side_of("newton", (), task) as first, side_of("newton_2", (), task) as second:
        result = compare(first, second, ParityOptions(episodes=3, num_envs=2))
    assert result.first_frames is None
    assert result.closed_loop is None
    assert result.film is None
    assert len(result.notes) == 2
    assert [one.episode.policy for one in result.open_loop.episodes] == ["random"] * 3
    assert result.ok
    found = figures(result)
    assert found["segmentation_iou"] is None
    assert found["success_newton"] is None
    assert found["joint_error_rad"] == 0.0
    assert [target["ok"] for target in found["targets"]] == [None, None, None]


def test_a_disagreement_says_when_and_after_which_touch(equal: Parity) -> None:
    loop = _loop(equal.open_loop.episodes[0].episode)
    assert [one.episode.index for one in disagreeing(loop)] == [2, 1]
    entry = disagreement(loop.episodes[1], loop, ("a", "b"))
    assert entry["apart_at_step"] == 3
    assert entry["apart_object"] == "ball"
    assert entry["touched_before"] == {"a": {"ball": 2}, "b": {"ball": 3}}
    assert entry["largest_distance_m"] == pytest.approx(0.03)
    assert entry["success"] == {"a": False, "b": False}
    assert [caption for *_, caption in choose(loop, 2)] == ["typical", "worst"]
    assert [place for place, *_ in choose(loop, 3)] == [0, 2, 1]


def _loop(episode: Episode) -> OpenLoop:
    """Three episodes of four steps: one that agrees, one with a ball astray, one solved in the first engine only."""

    def one(index: int, far: float, succeeded: int) -> OpenEpisode:
        still = np.zeros(5)
        objects = np.zeros((5, 2))
        objects[3:, 1] = far
        touched = np.array([[NEVER, 2], [4, 3]])
        return OpenEpisode(
            Episode(index, episode.scene, "random"), still, still, still, objects, objects,
            touched, np.array([succeeded, NEVER]),
        )  # fmt: skip

    assert APART == 0.01
    return OpenLoop((one(0, 0.009, NEVER), one(1, 0.03, NEVER), one(2, 0.0, 4)), ("cube", "ball"), 0.05, {})
