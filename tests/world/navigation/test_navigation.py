"""Maps, ways on them, and what a robot covers of the floor."""

from __future__ import annotations

import numpy as np
import pytest

from simgen.world.navigation.distance import clearance, field_to, free_for
from simgen.world.navigation.footprint import Footprint
from simgen.world.navigation.grid import Grid
from simgen.world.navigation.occupancy import occupancy_of
from simgen.world.navigation.route import length_of, shortest_way, spaced
from simgen.world.scene.objects import make_object
from simgen.world.scene.scene import Body
from simgen.world.scene.slots import BodySlot

LOW, HIGH = np.array([-5.0, -4.0]), np.array([5.0, 4.0])
UP = np.array([1.0, 0.0, 0.0, 0.0])


def with_wall(gap: tuple[float, float] | None) -> Grid:
    """A wall along y in the middle of the map, with a gap between two y [m] or none."""
    grid = Grid.empty(LOW, HIGH)
    x, y = grid.centers()[..., 0], grid.centers()[..., 1]
    wall = np.abs(x) < 0.1
    if gap is not None:
        wall &= (y < gap[0]) | (y > gap[1])
    return Grid(wall, grid.origin)


def test_cells_and_points_belong_to_each_other() -> None:
    grid = Grid.empty(LOW, HIGH)
    assert grid.shape == (160, 200)
    cells = np.array([[0, 0], [159, 199], [20, 100]])
    assert np.array_equal(grid.cells(grid.points(cells)), cells)
    assert grid.points(np.array([0, 0])) == pytest.approx([-4.975, -3.975])
    assert np.array_equal(grid.cells(np.array([99.0, -99.0])), [0, 199])


def test_what_stands_at_the_robots_height_is_marked_where_it_is() -> None:
    slots = [BodySlot(name, "fixed", (make_object("box", size=(2.0, 1.0, 0.4)),), "") for name in ("low", "high")]
    slots.append(BodySlot("marker", "marker", slots[0].candidates, ""))
    quarter = np.array([np.cos(np.pi / 4), 0.0, 0.0, np.sin(np.pi / 4)])
    bodies = [
        Body(0, np.array([1.0, 1.0, 0.2]), quarter, scale=np.array([1.0, 1.0, 1.0])),
        Body(0, np.array([-3.0, 0.0, 1.0]), UP),
        Body(0, np.array([3.0, -2.0, 0.2]), UP),
    ]
    grid = occupancy_of(Grid.empty(LOW, HIGH), slots, bodies)
    marked = grid.points(np.argwhere(grid.occupied))
    assert marked.min(0) == pytest.approx([0.5, 0.0], abs=0.05)
    assert marked.max(0) == pytest.approx([1.5, 2.0], abs=0.05)
    assert len(marked) * 0.05**2 == pytest.approx(2.0, rel=0.08)
    stretched = [Body(0, bodies[0].position, UP, scale=np.array([2.0, 1.0, 1.0])), *bodies[1:]]
    wide = occupancy_of(Grid.empty(LOW, HIGH), slots, stretched)
    assert wide.occupied.sum() * 0.05**2 == pytest.approx(4.0, rel=0.08)


def test_a_robot_is_free_on_one_side_of_a_wall_without_a_gap() -> None:
    closed, open_ = free_for(with_wall(None), 0.3), free_for(with_wall((1.0, 2.0)), 0.3)
    assert 0.4 * closed.size < closed.sum() < 0.5 * closed.size
    assert open_.sum() > 0.85 * open_.size
    assert not free_for(with_wall((1.0, 1.5)), 0.3)[:, 100].any()
    assert clearance(with_wall(None))[80, 0] == pytest.approx(4.875, abs=0.06)


def test_ways_are_short_go_through_the_gap_and_touch_nothing() -> None:
    grid, goal = with_wall((2.0, 3.2)), np.array([3.0, -2.0])
    field = field_to(grid, goal, 0.3)
    beside = np.array([2.0, 2.0])
    straight = np.linalg.norm(goal - beside)
    assert length_of(shortest_way(field, beside)) == pytest.approx(straight, rel=0.08)
    start = np.array([-3.0, -2.0])
    way = shortest_way(field, start)
    assert way[0] == pytest.approx(start, abs=0.05)
    assert way[-1] == pytest.approx(goal, abs=0.05)
    middle = np.array([0.0, 2.6])
    shortest = np.linalg.norm(middle - start) + np.linalg.norm(goal - middle)
    assert length_of(way) == pytest.approx(shortest, rel=0.12)
    rows, columns = grid.cells(way).T
    assert clearance(grid)[rows, columns].min() > 0.3
    assert len(shortest_way(field_to(with_wall(None), goal, 0.3), start)) == 0


def test_points_along_a_way_are_evenly_spaced_and_end_at_the_goal() -> None:
    way = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
    assert spaced(way, np.array([0.5, 1.0, 2.5, 9.0])) == pytest.approx(np.array([[0.5, 0], [1, 0], [1, 1.5], [1, 2]]))
    assert length_of(way) == 3.0


def test_a_footprint_is_covered_by_its_discs_and_reaches_to_its_farthest_corner() -> None:
    footprint = Footprint((-0.6, -0.25), (0.15, 0.25))
    assert footprint.reach == pytest.approx(np.hypot(0.6, 0.25))
    outline, (middles, radius) = footprint.outline(), footprint.discs()
    assert np.array_equal(outline.min(0), [-0.6, -0.25])
    assert np.array_equal(outline.max(0), [0.15, 0.25])
    away = np.linalg.norm(outline[:, None] - np.column_stack((middles, np.zeros_like(middles))), axis=-1)
    assert away.min(1).max() <= radius + 1e-9
    assert radius < 0.35
