"""Mixtures of tasks: what they mean, and what is said of those that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simgen.errors import BadInput
from simgen.spec import Mixture, RegisteredSpec, TaskSpec, load_any_task, load_task_or_mixture


def mixed(*parts: dict[str, Any], **fields: Any) -> Mixture:
    mixture = load_task_or_mixture({"name": "some", "mixture": list(parts), **fields})
    assert isinstance(mixture, Mixture)
    return mixture


def test_tasks_by_name_with_changes_and_weights() -> None:
    mixture = mixed(
        {"task": "pick_cube"},
        {"task": "pick_cube", "name": "pick_cube_xarm7", "set": {"robot.use": "xarm7"}, "weight": 3},
        {"task": "PushCube-v1"},
    )
    first, second, third = (part.task for part in mixture.parts)
    assert [part.weight for part in mixture.parts] == [1.0, 3.0, 1.0]
    assert isinstance(first, TaskSpec)
    assert isinstance(second, TaskSpec)
    assert isinstance(third, RegisteredSpec)
    assert (first.name, first.robot.use) == ("pick_cube", "panda")
    assert (second.name, second.robot.use) == ("pick_cube_xarm7", "xarm7")


def test_written_out_it_reads_back_equal() -> None:
    mixture = mixed({"task": "pick_cube", "set": {"cameras.base.size": [32, 32]}}, {"task": "PickCube-v1", "weight": 2})
    assert load_task_or_mixture(mixture.resolved()) == mixture


def test_changes_go_to_all_tasks_or_to_the_mixture() -> None:
    source = {"name": "some", "mixture": [{"task": "pick_cube"}, {"task": "push_cube"}]}
    mixture = load_task_or_mixture(source, ["episode.max_steps=7", "mixture.1.weight=4", "name=other"])
    assert isinstance(mixture, Mixture)
    assert mixture.name == "other"
    assert [part.weight for part in mixture.parts] == [1.0, 4.0]
    assert [part.task.episode.max_steps for part in mixture.parts] == [7, 7]


def test_files_are_found_beside_the_mixture(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\nrobot: {use: panda}\nscene: {}\n", encoding="utf-8")
    (tmp_path / "both.yaml").write_text("name: both\nmixture: [{task: mine.yaml}]\n", encoding="utf-8")
    mixture = load_task_or_mixture(tmp_path / "both.yaml")
    assert isinstance(mixture, Mixture)
    assert mixture.parts[0].task.name == "mine"


def test_a_task_is_still_a_task() -> None:
    assert load_task_or_mixture("pick_cube", ["episode.max_steps=5"]) == load_any_task(
        "pick_cube", ["episode.max_steps=5"]
    )
    assert isinstance(load_task_or_mixture("PickCube-v1"), RegisteredSpec)


WRONG: dict[str, tuple[dict[str, Any], ...]] = {
    r"mixture: mixture\.0: unknown task 'pick_cub'; did you mean 'pick_cube'\?": ({"task": "pick_cub"},),
    r"mixture\.1: is called 'pick_cube', as mixture\.0 is\. Allowed: give one of them a `name`": (
        {"task": "pick_cube"},
        {"task": "pick_cube"},
    ),
    r"mixture\.0\.weight: 0 is out of range\. Allowed: above 0": ({"task": "pick_cube", "weight": 0},),
    r"unknown field 'wieght'\. Allowed: task, weight, name, set; did you mean 'weight'\?": (
        {"task": "pick_cube", "wieght": 1},
    ),
    r"mixture\.0: --set robot\.use: robot\.use: unknown robot 'pand'": (
        {"task": "pick_cube", "set": {"robot.use": "pand"}},
    ),
    r"must have at least 1 entries": (),
    r"mixture\.0: .*is a mixture of tasks": ({"task": "tabletop"},),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_ones(message: str) -> None:
    with pytest.raises(BadInput, match=message):
        mixed(*WRONG[message])


def test_where_one_task_is_needed_a_mixture_is_refused() -> None:
    with pytest.raises(BadInput, match="is a mixture of tasks, which `simgen generate` takes; this needs one task"):
        load_any_task("tabletop")
