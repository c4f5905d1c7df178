"""Room for contacts: enough for objects of many convex parts that lie on each other, and no more than is of use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from small_tasks import Bench, floating, standing, task_of

from simgen.spec import load_task
from simgen.world.asset.add import AddOptions, add_asset
from simgen.world.asset.build import BuildOptions
from simgen.world.engine.newton.capacity import constraint_capacity, contact_capacity
from simgen.world.scene.layout import layout_of
from simgen.world.scene.variants import variants_of

BARS = 12
PLACE: dict[str, Any] = {"x": 0.1, "y": 0.25}
PEGS = {"peg_board": {"rows": 3, "columns": 4}}  # 13 parts
STONES = {"stones": {"rows": 4, "columns": 4, "side": 0.04, "gap": 0.01, "height": 0.02, "rough": 0.0}}  # 16 parts
WORLDS = 3
FINE = {"max_steps": 50, "control_hz": 20, "sim_hz": 200}  # 576 contacts at once


def add_grate(folder: Path, assets: Path, name: str, axis: int) -> None:
    """Adds an asset of bars of 8 mm along an axis, 20 mm apart, as a user would have it in a file."""
    bars = []
    for number in range(BARS):
        middle, size = np.zeros(3), np.full(3, 0.008)
        middle[1 - axis], size[axis] = 0.02 * (number - (BARS - 1) / 2), 0.02 * BARS
        bars.append(trimesh.creation.box(size, trimesh.transformations.translation_matrix(middle)))
    trimesh.util.concatenate(bars).export(folder / f"{name}.obj")
    add_asset(folder / f"{name}.obj", assets, AddOptions(build=BuildOptions(decompose="none", density=500.0)))


@pytest.fixture
def grates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A grate on the table and one across it, which touch wherever two bars cross."""
    assets = tmp_path / "assets"
    monkeypatch.setenv("SIMGEN_ASSETS", str(assets))
    add_grate(tmp_path, assets, "along", 0)
    add_grate(tmp_path, assets, "across", 1)
    return {"low": standing({"asset": "along"}, **PLACE), "high": floating({"asset": "across"}, 0.0125, **PLACE)}


def problems_of(bench: Bench, steps: int) -> dict[int, str]:
    """Starts an episode in every world, steps them, and returns the first problem of each."""
    bench.reset(range(bench.num_envs))
    problems: dict[int, str] = {}
    for _ in range(steps):
        bench.engine.step()
        problems = bench.engine.problems() | problems
    return problems


@pytest.mark.slow
def test_parts_that_all_cross_each_other_have_room(grates: dict[str, Any]) -> None:
    bench = Bench(task_of(grates, episode=FINE), WORLDS)
    assert [len(slot.candidates[0].colliders) for slot in bench.layout.bodies] == [BARS, BARS]
    assert problems_of(bench, 15) == {}
    assert bench.body("low")[:, 2].tolist() == pytest.approx([0.004] * WORLDS, abs=5e-4)
    assert bench.body("high")[:, 2].tolist() == pytest.approx([0.012] * WORLDS, abs=1e-3)


@pytest.mark.slow
def test_where_a_user_gives_them_less_every_world_says_so(
    grates: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(task_of(grates, episode=FINE, physics={"contacts_per_world": 224}), WORLDS)
    problems = problems_of(bench, 5)
    assert sorted(problems) == list(range(WORLDS))
    assert all("raise physics.contacts_per_world (now 224)" in problem for problem in problems.values())
    assert capfd.readouterr().out == "", "kernels must not write into the output of commands"


@pytest.mark.slow
def test_a_board_of_pegs_rests_on_stones() -> None:
    objects = {"stones": standing(STONES, fixed=True, **PLACE), "pegs": floating(PEGS, 0.035, **PLACE)}
    bench = Bench(task_of(objects), WORLDS)
    assert [len(slot.candidates[0].colliders) for slot in bench.layout.bodies] == [16, 13]
    assert problems_of(bench, 20) == {}
    stones, pegs = (slot.candidates[0].visual.vertices for slot in bench.layout.bodies)
    expected = float(np.ptp(stones[:, 2]) - pegs[:, 2].min())
    assert bench.body("pegs")[:, 2].tolist() == pytest.approx([expected] * WORLDS, abs=1e-3)


@pytest.mark.parametrize(("name", "most"), [("pick_cube", 32), ("stack_cube", 48), ("pick_clutter", 544)])
def test_tasks_get_no_more_room_than_they_can_use(name: str, most: int) -> None:
    layout = layout_of(variants_of(load_task(name))[-1].task)
    assert contact_capacity(layout) <= most
    assert constraint_capacity(layout) <= 4 * most + 48


def test_what_a_user_writes_is_what_there_is() -> None:
    layout = layout_of(task_of({"pegs": standing(PEGS)}, physics={"contacts_per_world": 77}))
    assert (contact_capacity(layout), constraint_capacity(layout)) == (77, 352)
