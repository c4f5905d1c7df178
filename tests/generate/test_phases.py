"""Which episodes a dataset holds, and that neither the number of worlds nor an interruption matters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_tasks import COIN, contents

from simgen.data import dataset_info, open_dataset
from simgen.errors import BadInput, SimgenError
from simgen.generate import GenerateOptions, generate
from simgen.generate.phase import PhaseCounts
from simgen.spec import load_task
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.seed import episode_seed

pytestmark = pytest.mark.slow

SEED, WANTED = 3, 4
OPTIONS = GenerateOptions(random=3, teacher=WANTED, num_envs=2, seed=SEED)


def solvable(count: int, phase: str = "teacher") -> list[bool]:
    """Says which of the first indices have the cube where the task wants it."""
    task = load_task(COIN)
    sampler = SceneSampler(task, layout_of(task))
    seeds = [episode_seed(SEED, task.name, phase, index) for index in range(count)]
    return [sampler.sample(seed).bodies[0].position[1] > 0 for seed in seeds]


def expected_attempts() -> int:
    good = solvable(60)
    return next(n for n in range(61) if sum(good[:n]) == WANTED)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("phases") / "plain"
    generate(load_task(COIN), path, OPTIONS)
    return path


def test_the_kept_episodes_are_the_successes_of_lowest_index(plain: Path) -> None:
    attempts = expected_attempts()
    assert attempts > WANTED, "choose another seed: there must be failures"
    good = [index for index, success in enumerate(solvable(attempts)) if success]
    assert sorted(contents(plain)) == [("random", 0), ("random", 1), ("random", 2)] + [("teacher", i) for i in good]
    teacher = open_dataset(plain).filter(phase="teacher")
    assert all(episode.success and not episode.flags for episode in teacher)
    assert [episode.seed for episode in teacher] == [episode_seed(SEED, "coin", "teacher", index) for index in good]
    info = dataset_info(plain)["phases"]["teacher"]
    assert (info["attempts"], info["discarded"], info["episodes"]) == (attempts, attempts - WANTED, WANTED)
    assert info["success_rate"] == pytest.approx(WANTED / attempts)


def test_random_episodes_last_until_success_or_the_end(plain: Path) -> None:
    good = solvable(3, "random")
    for episode, success in zip(open_dataset(plain).filter(phase="random"), good, strict=True):
        assert episode.success == success
        assert episode.length == (1 if success else 12)
        assert episode.arrays["terminated"][-1] == success
        assert episode.arrays["truncated"][-1] == (not success)
        assert episode.arrays["obs/agent/qpos"].shape == (episode.length + 1, 9)
        assert np.abs(episode.actions).max() <= 1.0


@pytest.mark.parametrize("num_envs", [1, 5])
def test_the_number_of_worlds_does_not_matter(tmp_path: Path, plain: Path, num_envs: int) -> None:
    summary = generate(load_task(COIN), tmp_path / "other", replace(OPTIONS, num_envs=num_envs))
    assert contents(tmp_path / "other") == contents(plain)
    assert summary.phases["teacher"].attempts == expected_attempts()


@pytest.mark.slow
def test_a_larger_dataset_grows_from_a_smaller_one(tmp_path: Path, plain: Path) -> None:
    path, task = tmp_path / "grown", load_task(COIN)
    generate(task, path, replace(OPTIONS, random=1, teacher=2, num_envs=3))
    generate(task, path, replace(OPTIONS, resume=True))
    assert contents(path) == contents(plain)
    assert dataset_info(path)["phases"] == dataset_info(plain)["phases"]
    fresh = generate(task, tmp_path / "fresh", OPTIONS).as_dict()
    nothing_to_do = generate(task, path, replace(OPTIONS, resume=True)).as_dict()
    assert nothing_to_do["frames"] == fresh["frames"] == dataset_info(path)["frames"]
    assert not nothing_to_do["frames_per_second"], "this run has simulated nothing"
    assert nothing_to_do["episodes"] == 3 + WANTED
    assert nothing_to_do["phases"] == fresh["phases"], "counts are those of the dataset, not of this run"


@pytest.mark.slow
def test_failures_that_an_earlier_run_kept_do_not_count_as_wanted(tmp_path: Path) -> None:
    """They may still lie beside the shards when a run is killed."""
    task, options = load_task(COIN), replace(OPTIONS, random=0, keep_failures=True, num_envs=3)
    generate(task, tmp_path / "whole", options)

    class Killed(Exception):
        pass

    def stop(phase: str, counts: PhaseCounts) -> None:
        if counts.attempts > counts.successes > 0:
            raise Killed

    with pytest.raises(Killed):
        generate(task, tmp_path / "cut", options, stop)
    generate(task, tmp_path / "cut", replace(options, resume=True))
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_failures_are_kept_and_flagged_when_asked_for(tmp_path: Path, plain: Path) -> None:
    path, options = tmp_path / "failures", replace(OPTIONS, random=0, keep_failures=True)
    summary = generate(load_task(COIN), path, options)
    episodes = list(open_dataset(path))
    assert [episode.index for episode in episodes] == list(range(expected_attempts()))
    assert [episode.success for episode in episodes] == solvable(expected_attempts())
    assert [episode.flags for episode in episodes] == [[] if episode.success else ["failure"] for episode in episodes]
    teacher = {key: digest for key, digest in contents(plain).items() if key[0] == "teacher"}
    assert teacher.items() <= contents(path).items()
    assert summary.phases["teacher"].success_rate == pytest.approx(WANTED / expected_attempts())
    generate(load_task(COIN), path, replace(options, resume=True))
    assert len(open_dataset(path)) == len(episodes)


def test_noise_moves_the_robot_and_leaves_the_labels_clean(tmp_path: Path, plain: Path) -> None:
    path = tmp_path / "noisy"
    generate(load_task(COIN), path, replace(OPTIONS, random=0, teacher=2, noise=0.05))
    clean = {episode.index: episode for episode in open_dataset(plain).filter(phase="teacher")}
    for episode in open_dataset(path):
        executed = episode.arrays["executed_actions"][()]
        noise = executed - episode.actions
        assert 0.005 < noise[:, :-1].std() < 0.15
        assert not noise[:, -1].any(), "the gripper's channel has no noise"
        np.testing.assert_allclose(episode.actions[0], clean[episode.index].actions[0], atol=1e-6)
    assert "executed_actions" not in next(iter(clean.values())).arrays


def test_a_task_that_nobody_solves_ends_at_the_budget(tmp_path: Path) -> None:
    impossible = {**COIN, "success": {"near": {"body": "cube", "at": [0.0, 0.0, 0.5], "within": 0.01}}}
    too_few = r"only 0 of 2 episodes succeeded in 5 attempts.*: failure \(5 times\)\..*--keep-failures"
    with pytest.raises(SimgenError, match=too_few):
        generate(load_task(impossible), tmp_path / "none", replace(OPTIONS, random=1, max_attempts=5, teacher=2))
    (run,) = open_dataset(tmp_path / "none").manifest["runs"]
    assert run["frames"] > 5, "the run is noted all the same"
    assert list(contents(tmp_path / "none")) == [("random", 0)], "what was finished is kept"


@pytest.mark.slow
def test_episodes_that_cannot_be_trusted_are_discarded_with_the_reason(tmp_path: Path) -> None:
    cramped: dict[str, Any] = {**COIN, "physics": {"contacts_per_world": 1}}
    with pytest.raises(SimgenError, match=r"only 0 of 1 episodes.*contacts_per_world.* \(3 times\)\.$"):
        generate(load_task(cramped), tmp_path / "cramped", replace(OPTIONS, random=0, teacher=1, max_attempts=3))
    info = dataset_info(tmp_path / "cramped")["phases"]["teacher"]
    assert (info["episodes"], info["discarded"]) == (0, 3)
    record = next((tmp_path / "cramped" / "shards").glob("*.json")).read_text()
    assert "physics.contacts_per_world" in record


def test_progress_tells_how_far_it_is(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int, int]] = []

    def progress(phase: str, counts: PhaseCounts) -> None:
        seen.append((phase, counts.episodes, counts.wanted, counts.frames))

    generate(load_task(COIN), tmp_path / "seen", replace(OPTIONS, random=2, teacher=2), progress)
    assert {phase for phase, *_ in seen} == {"random", "teacher"}
    assert seen[-1][:3] == ("teacher", 2, 2)
    frames = [count for phase, _, _, count in seen if phase == "random"]
    assert frames == sorted(frames)
    assert frames[0] > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"random": 0, "teacher": 0}, "nothing to generate"),
        ({"random": -1}, "nothing to generate"),
        ({"noise": 2.0}, "out of range"),
        ({"num_envs": 0}, "num_envs must be at least 1"),
        ({"codec": "zip"}, "unknown codec"),
        ({"random_policy": "pinkish"}, "did you mean 'pink'"),
        ({"processes": 0}, "at least 1"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        generate(load_task(COIN), tmp_path / "wrong", replace(OPTIONS, **change))
    assert not (tmp_path / "wrong").exists(), "nothing is left behind"


def test_a_task_without_teacher_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'coin' has no `teacher`"):
        generate(load_task({k: v for k, v in COIN.items() if k != "teacher"}), tmp_path / "wrong", OPTIONS)
