"""Rooms and warehouses: every episode another one, in which nothing overlaps and everything can be reached."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from simgen.errors import BadInput
from simgen.spec.place import PlaceSpec
from simgen.world.navigation.distance import field_to, free_for
from simgen.world.navigation.footprint import Footprint
from simgen.world.navigation.route import length_of, shortest_way
from simgen.world.scene.objects.assemble import rotation_matrix
from simgen.world.scene.place import PERSON_RADIUS, PlaceSampler, is_person, place_slots
from simgen.world.scene.place.plan import draw_plan
from simgen.world.scene.scene import Body
from simgen.world.scene.slots import BodySlot

FOOTPRINT = Footprint((-0.585, -0.25), (0.14, 0.25))
SPECS = {"rooms": {"rooms": {"people": 2}}, "warehouse": {"warehouse": {"people": 2}}}
STEPS, DT = 200, 0.1


def sampler_of(written: dict, **changes: object) -> PlaceSampler:
    given = {"start": None, "goals": {"goal": (3.0, 8.0)}, "steps": STEPS, "dt": DT} | changes
    return PlaceSampler(PlaceSpec.model_validate(written), FOOTPRINT, **given)  # pyright: ignore[reportArgumentType]


def outline(slot: BodySlot, body: Body) -> np.ndarray:
    points = slot.candidates[body.candidate].visual.vertices * body.scale @ rotation_matrix(body.quaternion).T
    flat = (points + body.position)[:, :2]
    return flat[ConvexHull(flat).vertices]


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """How deep two convex outlines are in each other [m]; negative where they are apart."""
    depths = []
    for polygon in (a, b):
        edges = np.roll(polygon, -1, axis=0) - polygon
        normals = np.stack((edges[:, 1], -edges[:, 0]), axis=1) / np.linalg.norm(edges, axis=1, keepdims=True)
        first, second = a @ normals.T, b @ normals.T
        depths.append(np.minimum(first.max(0) - second.min(0), second.max(0) - first.min(0)).min())
    return float(min(depths))


@pytest.mark.parametrize("kind", SPECS)
def test_places_differ_and_a_seed_gives_the_same_one_again(kind: str) -> None:
    sampler = sampler_of(SPECS[kind])
    bodies, place = sampler.sample(5)
    again, same = sampler.sample(5)
    others = [sampler.sample(seed) for seed in range(4)]
    assert len(bodies) == len(place_slots(PlaceSpec.model_validate(SPECS[kind])))
    assert all(np.array_equal(a.position, b.position) for a, b in zip(bodies, again, strict=True))
    assert np.array_equal(place.occupancy.occupied, same.occupancy.occupied)
    assert np.array_equal(place.start, same.start)
    maps = [other.occupancy.occupied for _, other in others]
    assert all((a != b).mean() > 0.01 for a, b in combinations(maps, 2))
    assert all(len(other) == len(bodies) for other, _ in others)


@pytest.mark.parametrize("kind", SPECS)
def test_nothing_stands_in_anything_else(kind: str) -> None:
    sampler, slots = sampler_of(SPECS[kind]), place_slots(PlaceSpec.model_validate(SPECS[kind]))
    for seed in range(6):
        bodies, _ = sampler.sample(seed)
        things = [
            (slot.name, outline(slot, body))
            for slot, body in zip(slots, bodies, strict=True)
            if body.position[2] > -1.0 and not is_person(slot.name)
        ]
        for (first, a), (second, b) in combinations(things, 2):
            structure = all(name.startswith(("place.wall", "place.door")) for name in (first, second))
            seats = all(name.startswith("place.furniture") for name in (first, second))  # chairs stand under tables
            if not structure and not seats:
                assert overlap(a, b) < 0.02, (seed, first, second)


@pytest.mark.parametrize("kind", SPECS)
def test_start_and_goal_are_free_and_joined_by_a_way_of_the_wanted_length(kind: str) -> None:
    sampler = sampler_of(SPECS[kind])
    for seed in range(8):
        _, place = sampler.sample(seed)
        grid, goal = place.occupancy, place.goals["goal"]
        free = free_for(grid, FOOTPRINT.width)
        for point in (place.start[:2], goal):
            assert free[tuple(grid.cells(point))]
        way = shortest_way(field_to(grid, place.start[:2], FOOTPRINT.width), goal)
        assert 3.0 <= length_of(way) <= 8.0
        border = np.concatenate((free[:3], free[-3:], free[:, :3].T, free[:, -3:].T), axis=None)
        assert not border.any()  # the outer walls are closed


def test_every_room_of_a_plan_has_a_door_that_leads_to_all_others() -> None:
    counts = set()
    for seed in range(40):
        plan = draw_plan((12.0, 9.0), 5, np.random.default_rng(seed))
        counts.add(len(plan.rooms))
        joined = {0}
        points = plan.door_points()
        for _ in plan.rooms:
            for x, y in points:
                here = {i for i, r in enumerate(plan.rooms) if r.grown(0.01).holds(type(r)(x, y, x, y))}
                if here & joined:
                    joined |= here
        assert joined == set(range(len(plan.rooms)))
        assert all(min(room.size) >= 2.79 for room in plan.rooms)
        assert sum(room.size[0] * room.size[1] for room in plan.rooms) == pytest.approx(108.0)
    assert 5 in counts


@pytest.mark.parametrize("kind", SPECS)
def test_people_walk_at_their_pace_where_it_is_free(kind: str) -> None:
    sampler, slots = sampler_of(SPECS[kind]), place_slots(PlaceSpec.model_validate(SPECS[kind]))
    for seed in range(3):
        bodies, place = sampler.sample(seed)
        tracks = [body.track for slot, body in zip(slots, bodies, strict=True) if is_person(slot.name)]
        assert len(tracks) == 2
        for track in tracks:
            assert track is not None
            assert track.shape == (STEPS + 1, 3)
            speed = np.linalg.norm(np.diff(track[:, :2], axis=0), axis=1) / DT
            assert np.median(speed) == pytest.approx(speed.max(), rel=0.1)
            assert 0.55 <= np.median(speed) <= 1.45
            rows, columns = place.occupancy.cells(track[:, :2]).T
            assert not place.occupancy.occupied[rows, columns].any()
            assert np.linalg.norm(track[0, :2] - place.start[:2]) > 2.0 - PERSON_RADIUS


def test_a_place_in_which_there_is_nowhere_to_go_says_so() -> None:
    sampler = sampler_of({"rooms": {"size": [5, 5], "rooms": [1, 1]}}, goals={"goal": (30.0, 40.0)})
    with pytest.raises(BadInput, match="no start and goal were free"):
        sampler.sample(0)


def test_a_robot_that_is_told_where_to_start_does() -> None:
    sampler = sampler_of({"rooms": {"furniture": 0, "clutter": 0, "rooms": [1, 1]}}, start=np.array([1.0, -1.0, 0.5]))
    _, place = sampler.sample(3)
    assert place.start == pytest.approx([1.0, -1.0, 0.5])
