"""Each filter finds its own fault in an episode that is sound otherwise, says where, and leaves the sound one alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from curate_episodes import changed, sound_episode

from simgen.data.curate.config import CurateConfig
from simgen.data.curate.judges import judges_of
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict

CUBE, PANDA = "env_states/actors/cube", "env_states/articulations/panda"
RGB, SEGMENTATION = "obs/sensor_data/base/rgb", "obs/sensor_data/base/segmentation"
SEEN = {"occlusion": {"targets": ["cube"]}}


def _nan(rows: np.ndarray) -> None:
    rows[7, 2] = np.nan


def _shoots_off(rows: np.ndarray) -> None:
    rows[10:, 7] = 30.0


def _jumps(rows: np.ndarray) -> None:
    rows[9:, 0] += 0.2


def _joint_jumps(rows: np.ndarray) -> None:
    rows[9:, 15] += 0.5


def _falls(rows: np.ndarray) -> None:
    rows[:, 2] = np.linspace(0.02, -3, len(rows))


def _black(images: np.ndarray) -> None:
    images[5:9] = 0


def _frozen(images: np.ndarray) -> None:
    images[4:] = images[4]


def _flickers(images: np.ndarray) -> None:
    images[::2] = (images[::2] * 0.85).astype(np.uint8)


def _cut(images: np.ndarray) -> None:
    images[12:] = 255 - images[12:]


def _hidden(images: np.ndarray) -> None:
    images[:] = 0


def _saturated(actions: np.ndarray) -> None:
    actions[:] = np.sign(actions)


@pytest.mark.parametrize(
    ("name", "path", "change", "frame"),
    [
        ("finite", CUBE, _nan, 7),
        ("explosion", CUBE, _shoots_off, 10),
        ("teleport", CUBE, _jumps, 9),
        ("teleport", PANDA, _joint_jumps, 9),
        ("fallen", CUBE, _falls, 24),
        ("blank", RGB, _black, 5),
        ("static", RGB, _frozen, 4),
        ("flicker", RGB, _flickers, None),
        ("cut", RGB, _cut, 12),
        ("occlusion", SEGMENTATION, _hidden, 0),
        ("saturation", "actions", _saturated, 0),
    ],
)
def test_a_filter_finds_its_fault_and_where_it_is(
    subjects_of: Callable[..., list[Subject]],
    name: str,
    path: str,
    change: Callable[[np.ndarray], None],
    frame: int | None,
) -> None:
    """The other picture and state filters do not complain of the sound episode; this one says which frame it is."""
    broken = dataclasses.replace(changed(sound_episode(0), path, change), index=1)
    good, bad = (_verdict(subject, name) for subject in subjects_of([sound_episode(0), broken]))

    assert good.keep, good
    assert not bad.keep, bad
    assert bad.reason
    if frame is not None:
        assert bad.frame == frame


def _verdict(subject: Subject, name: str) -> Verdict:
    return judges_of(CurateConfig.model_validate(SEEN))[name].judge(subject)


def test_overflow_is_told_by_the_flag(subject_of: Callable[..., Subject]) -> None:
    flagged = dataclasses.replace(sound_episode(0), flags=["contact overflow"])

    assert not _verdict(subject_of(flagged), "overflow").keep


def test_success_is_asked_of_teachers_only_and_not_of_what_nobody_labelled(subject_of: Callable[..., Subject]) -> None:
    failed = dataclasses.replace(sound_episode(0, "teacher"), success=False)
    unlabelled = dataclasses.replace(failed, flags=["success_unknown"])

    assert not _verdict(subject_of(failed), "success").keep
    assert _verdict(subject_of(dataclasses.replace(failed, phase="random")), "success").keep
    assert _verdict(subject_of(unlabelled), "success").keep


def test_length_has_two_ends(subjects_of: Callable[..., list[Subject]]) -> None:
    config = CurateConfig.model_validate({"length": {"min_steps": 10, "max_steps": 20}})
    judge = judges_of(config)["length"]

    episodes = [dataclasses.replace(sound_episode(0, length=steps), index=steps) for steps in (9, 10, 20, 21)]
    assert [judge.judge(subject).keep for subject in subjects_of(episodes)] == [
        False,
        True,
        True,
        False,
    ]


def test_what_cannot_be_measured_stays_and_says_why(subject_of: Callable[..., Subject]) -> None:
    """The synthetic spec describes no scene, so shapes are not known; nothing is dropped for it."""
    verdict = _verdict(subject_of(sound_episode(0)), "penetration")

    assert verdict.keep
    assert verdict.value is None
    assert verdict.reason


def test_a_frozen_camera_is_named_though_another_moves(subject_of: Callable[..., Subject]) -> None:
    episode = changed(sound_episode(0), RGB, _frozen)
    second = {path.replace("/base/", "/side/"): array for path, array in sound_episode(0).arrays.items()}
    both = dataclasses.replace(episode, arrays={**second, **episode.arrays})

    assert "camera base" in _verdict(subject_of(both), "static").reason
