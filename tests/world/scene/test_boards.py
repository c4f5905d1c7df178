"""Shelves and peg boards: closed surfaces of boxes, and things that stand on a board with room around them."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hand_made import HandMade
from small_tasks import task_of

from simgen.env.terms import bind_condition
from simgen.errors import BadInput
from simgen.spec.terms import Condition
from simgen.world.scene.layout import layout_of
from simgen.world.scene.objects import make_object
from simgen.world.scene.objects.assemble import box_piece, scale_model
from simgen.world.scene.objects.boards import union_of_boxes
from simgen.world.scene.sample import SceneSampler

SHELF = {"shelf": {"height": 0.6, "boards": 3}, "fixed": True, "pose": {"on": "table", "xy": [0.2, 0.1]}}


def test_touching_and_overlapping_boxes_become_one_closed_surface() -> None:
    boxes = (box_piece((0, 0, 0), (2, 1, 1)), box_piece((2, 0, 0), (3, 1, 3)), box_piece((1, 0.5, 0.5), (2.5, 1, 1)))
    surface = trimesh.Trimesh(*union_of_boxes(boxes), process=False)
    assert surface.is_watertight
    assert surface.is_winding_consistent
    assert surface.volume == pytest.approx(5.0)


@pytest.mark.parametrize("boards", [2, 3, 5])
def test_a_shelf_says_where_its_boards_are(boards: int) -> None:
    shelf = make_object("shelf", boards=boards, height=0.6, thickness=0.02)
    assert len(shelf.levels) == boards
    np.testing.assert_allclose(np.diff(shelf.levels), 0.58 / (boards - 1))
    assert shelf.levels[0] == pytest.approx(-0.28)
    assert shelf.levels[-1] == pytest.approx(0.3)
    assert scale_model(shelf, 2.0).levels == pytest.approx([2.0 * level for level in shelf.levels])


def test_a_peg_board_has_its_pegs() -> None:
    board = make_object("peg_board", rows=2, columns=3, height=0.05, thickness=0.02)
    pegs = [piece for piece in board.colliders if piece.kind == "cylinder"]
    assert len(pegs) == 6
    assert {round(float(peg.position[2]), 6) for peg in pegs} == {0.035}
    with pytest.raises(BadInput, match="radius must be below"):
        make_object("peg_board", rows=8, columns=8, radius=0.02)
    with pytest.raises(BadInput, match="thickness must be below"):
        make_object("shelf", thickness=0.1, height=0.3)


def test_things_stand_on_the_named_board_and_wholly_inside() -> None:
    drawn = {"uniform": [[-0.3, -0.5], [0.3, 0.5]]}
    block = {"box": [0.05, 0.06, 0.1], "pose": {"on": "shelf", "level": 2, "xy": drawn}}
    task = task_of({"shelf": SHELF, "block": block})
    sampler = SceneSampler(task, layout_of(task))
    level = make_object("shelf", height=0.6, boards=3).levels[1]
    for seed in range(20):
        shelf, one = sampler.sample(seed).bodies
        assert one.position[2] == pytest.approx(shelf.position[2] + level + 0.05)
        assert np.all(np.abs(one.position[:2] - [0.2, 0.1]) <= [0.1 - 0.025, 0.25 - 0.03])


def test_what_is_too_high_for_a_board_cannot_be_placed() -> None:
    task = task_of({"shelf": SHELF, "tall": {"box": [0.05, 0.05, 0.4], "pose": {"on": "shelf", "level": 1}}})
    with pytest.raises(BadInput, match="tall: cannot be placed"):
        SceneSampler(task, layout_of(task)).sample(0)


def test_on_can_name_the_board() -> None:
    block = {"box": [0.05, 0.06, 0.1], "pose": {"on": "shelf", "level": 2}}
    made = HandMade(task_of({"shelf": SHELF, "block": block}), 2)
    made.push("block", "shelf", [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    holds = [
        bind_condition(
            Condition.model_validate({"on": {"body": "block", "on": "shelf", **level}}), made.worlds
        )().tolist()
        for level in ({"level": 2}, {"level": 1}, {})
    ]
    assert holds == [[True, False], [False, False], [False, False]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"on": "shelf", "level": 4}, "shelf has the boards 1 to 3, so no board 4. Allowed: 1 to 3"),
        ({"on": "table", "level": 1}, "table is no shelf, so no board 1"),
        ({"beside": "shelf", "distance": 0.5, "level": 1}, "'level' goes with 'on'"),
    ],
)
def test_wrong_boards_are_explained(change: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message.replace(".", r"\.")):
        task_of({"shelf": SHELF, "block": {"box": [0.05] * 3, "pose": change}})
