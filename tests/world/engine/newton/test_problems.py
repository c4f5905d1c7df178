"""What the engine cannot compute is reported, with the setting to raise, and only for the worlds it concerns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_tasks import Bench, floating, standing, task_of

from simgen.world.scene.layout import layout_of

CUBES = {
    name: standing({"box": [0.04, 0.04, 0.04]}, y=y)
    for name, y in (("left", 0.1), ("middle", 0.2), ("right", 0.3), ("far", -0.2))
}


def cramped(**physics: Any) -> Bench:
    """Two worlds: in the second all cubes fly, so that nothing touches."""
    bench = Bench(task_of(CUBES, physics=physics), 2)
    bench.reset([0, 1])
    state = bench.engine.state()
    state.body_position[1, :, 2] += 1.0
    bench.engine.set_state(torch.tensor([0, 1]), state)
    bench.engine.step()
    return bench


@pytest.mark.parametrize("setting", ["contacts_per_world", "constraints_per_world"])
def test_too_little_room_is_reported_with_what_to_raise(setting: str, capfd: pytest.CaptureFixture[str]) -> None:
    problems = cramped(**{setting: 4}).engine.problems()
    assert list(problems) in ([0], [0, 1]), problems
    assert f"raise physics.{setting} (now " in problems[0]
    assert "overflow" not in capfd.readouterr().out, "kernels must not write into the output of commands"


@pytest.mark.parametrize("setting", [{"constraints_per_world": 40}, {"contacts_per_world": 14}])
def test_only_the_world_that_overflows_is_reported(setting: dict[str, int]) -> None:
    """The 16 contacts of the first world fit into the common room of 28, but that must not depend on its neighbour."""
    assert list(cramped(**setting).engine.problems()) == [0]


@pytest.mark.slow
def test_enough_room_is_no_problem_and_a_reset_clears_one() -> None:
    assert cramped().engine.problems() == {}
    bench = cramped(constraints_per_world=40)
    state = bench.engine.state()
    state.body_position[..., 2] += 1.0
    bench.engine.set_state(torch.tensor([0, 1]), state)
    bench.engine.step()
    assert bench.engine.problems() == {}


def test_a_state_that_is_not_finite_is_reported_for_its_world() -> None:
    bench = Bench(task_of({"cube": floating({"box": [0.04, 0.04, 0.04]}, 0.5)}), 3)
    bench.reset([0, 1, 2])
    bench.engine.apply_wrench("cube", torch.tensor([[0.0], [float("nan")], [0.0]]).expand(3, 6))
    bench.engine.step()
    problems = bench.engine.problems()
    assert list(problems) == [1]
    assert "not finite (NaN)" in problems[1]
    assert "episode.sim_hz" in problems[1]
    bench.reset([5], [1])
    bench.step(2)
    assert bench.engine.problems() == {}
    assert torch.isfinite(bench.engine.state().qpos).all()


@pytest.mark.slow
@pytest.mark.parametrize("shape", [{"ring": {}}, {"mug": {}}, {"bin": {"length": 0.12, "width": 0.12}}])
def test_piles_of_objects_of_many_pieces_have_room_or_are_reported(shape: dict[str, Any]) -> None:
    pile = {f"thing_{level}": floating(shape, 0.05 + 0.12 * level, x=0.3) for level in range(3)}
    pieces = sum(len(slot.candidates[0].colliders) for slot in layout_of(task_of(pile)).bodies)
    assert pieces >= 12
    enough, cramped = Bench(task_of(pile)), Bench(task_of(pile, physics={"contacts_per_world": 3}))
    for bench in (enough, cramped):
        bench.reset([0])
    reported: list[str] = []
    for _ in range(15):
        enough.engine.step()
        cramped.engine.step()
        assert enough.engine.problems() == {}, "the estimate is too low"
        reported += cramped.engine.problems().values()
    assert any("raise physics.contacts_per_world" in problem for problem in reported)
