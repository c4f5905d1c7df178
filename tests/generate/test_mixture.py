"""Datasets of several tasks: who has which episodes, and that they are those of each task alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from small_tasks import COIN, contents

from simgen.data import check_dataset, dataset_info, open_dataset
from simgen.data.replay import replay_episode
from simgen.errors import BadInput, SimgenError
from simgen.generate import GenerateOptions, generate
from simgen.spec import Mixture, load_task, load_task_or_mixture
from simgen.view.report import write_report
from simgen.world.scene.seed import episode_seed

pytestmark = pytest.mark.slow

CAMERAS = {"base": {"eye": [0.6, 0.3, 0.5], "look_at": [0, 0, 0.1], "size": [24, 16], "outputs": ["rgb", "depth"]}}
OPTIONS = GenerateOptions(random=6, teacher=3, num_envs=2, seed=3)


def mixture(**changes: float) -> Mixture:
    """The coin task, and less often the same with another robot and cameras."""
    other = {**COIN, "name": "coin_so100", "robot": {"use": "so100", "control": "pd_joint_pos"}, "cameras": CAMERAS}
    found = load_task_or_mixture(
        {"name": "coins", "mixture": [{"task": dict(COIN), "weight": 2.0}, {"task": other, "weight": 1.0} | changes]}
    )
    assert isinstance(found, Mixture)
    return found


@pytest.fixture(scope="module")
def coins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mixture") / "coins"
    generate(mixture(), path, OPTIONS)
    return path


def test_each_task_has_its_share(coins: Path) -> None:
    dataset = open_dataset(coins)
    assert Counter((episode.phase, episode.task) for episode in dataset) == {
        ("random", "coin"): 4,
        ("random", "coin_so100"): 2,
        ("teacher", "coin"): 2,
        ("teacher", "coin_so100"): 1,
    }
    assert all(episode.success for episode in dataset.filter("teacher"))
    assert dataset.features["actions"]["shape"] == [None], "the robots have different joints"
    assert dataset.features["actions_ee"]["shape"] == [7], "and one convention in common"
    assert dataset.features["actions_ee"]["names"] == ["x", "y", "z", "roll", "pitch", "yaw", "gripper"]
    assert check_dataset(coins).ok
    assert dataset_info(coins)["tasks"].keys() == {"coin", "coin_so100"}


def test_its_episodes_are_those_of_the_task_alone(coins: Path, tmp_path: Path) -> None:
    generate(load_task(COIN), tmp_path / "alone", replace(OPTIONS, random=4, teacher=0, num_envs=4))
    alone = {episode.seed: episode.sha256 for episode in open_dataset(tmp_path / "alone")}
    mine = {episode.seed: episode.sha256 for episode in open_dataset(coins).filter("random", task="coin")}
    assert mine == alone
    assert set(mine) == {episode_seed(OPTIONS.seed, "coin", "random", index) for index in range(4)}


def test_neither_worlds_nor_an_interruption_matter(coins: Path, tmp_path: Path) -> None:
    path = tmp_path / "parts"
    generate(mixture(), path, replace(OPTIONS, random=2, teacher=0, num_envs=1))
    generate(mixture(), path, replace(OPTIONS, num_envs=3, resume=True))
    assert contents(path) == contents(coins)


def test_episodes_of_every_task_are_replayed(coins: Path) -> None:
    dataset = open_dataset(coins)
    for task in dataset.tasks:
        number = next(episode.number for episode in dataset if episode.task == task)
        assert replay_episode(coins, number).identical


def test_the_report_shows_it(coins: Path, tmp_path: Path) -> None:
    page = write_report(coins, tmp_path / "report.html").path.read_text(encoding="utf-8")
    assert "coins" in page
    assert "coin_so100" in page
    assert "per dimension of pd_joint_delta_pos" in page, "as the task of the first episode says"


def test_other_weights_are_another_dataset(coins: Path) -> None:
    with pytest.raises(BadInput, match=r"mixture\[1\]\.weight: 1\.0 in the dataset, 2\.0 now"):
        generate(mixture(weight=2.0), coins, replace(OPTIONS, resume=True))


def test_a_task_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    hopeless = {**COIN, "name": "hopeless", "success": {"near": {"body": "cube", "at": [9, 9, 9], "within": 0.01}}}
    both = load_task_or_mixture({"name": "both", "mixture": [{"task": hopeless}, {"task": dict(COIN)}]})
    with pytest.raises(SimgenError, match="hopeless, teacher phase: only 0 of 1 episodes succeeded in 8 attempts"):
        generate(both, tmp_path / "both", replace(OPTIONS, random=0, teacher=2, max_attempts=8))
    assert [episode.task for episode in open_dataset(tmp_path / "both")] == ["coin"]


def test_a_task_of_several_robots_is_a_dataset_of_its_variants(tmp_path: Path) -> None:
    arms = load_task({**COIN, "name": "arms", "robot": {"choose": ["panda", "so100"]}})
    generate(arms, tmp_path / "arms", replace(OPTIONS, random=2, teacher=0))
    dataset = open_dataset(tmp_path / "arms")
    assert [episode.task for episode in dataset] == ["arms-panda", "arms-so100"]
    assert replay_episode(tmp_path / "arms", 1).identical
