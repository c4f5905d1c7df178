"""Draws the place of an episode: what stands in each slot, where people walk, where the robot starts and is to go."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simgen.spec.place import PlaceSpec
from simgen.spec.problems import FieldError
from simgen.world.navigation.distance import clearance, field_to, free_for
from simgen.world.navigation.footprint import Footprint
from simgen.world.navigation.grid import Grid
from simgen.world.navigation.occupancy import occupancy_of
from simgen.world.navigation.route import length_of, shortest_way
from simgen.world.scene.color import srgb_to_linear
from simgen.world.scene.place.person import RADIUS as PERSON_RADIUS
from simgen.world.scene.place.person import VARIANTS
from simgen.world.scene.place.rooms import draw_rooms
from simgen.world.scene.place.slots import PERSON, PREFIX, place_groups, place_slots
from simgen.world.scene.place.thing import Draft, Thing
from simgen.world.scene.place.walk import destinations, walk
from simgen.world.scene.place.walls import THICKNESS
from simgen.world.scene.place.warehouse import draw_warehouse
from simgen.world.scene.scene import Body, Place
from simgen.world.scene.seed import stream

MARGIN = 0.08  # to the nearest thing that a robot has that turns at its start [m]
TRIES = 20
_GOAL_TRIES = 60
_PARKED = np.array([0.0, 0.0, -20.0])  # under the floor: slots that an episode does not use [m]


class PlaceSampler:
    """Draws places.

    Args:
        spec: Which.
        footprint: Of the robot.
        start: Where it starts: x, y [m] and heading [rad], or None for anywhere that is free. Shape: (3,).
        goals: For each thing that stands in free space: how far from the start, along the way [m].
        steps: Control steps of an episode.
        dt: Length of one [s].
    """

    def __init__(
        self,
        spec: PlaceSpec,
        footprint: Footprint,
        start: np.ndarray | None,
        goals: Mapping[str, tuple[float, float]],
        steps: int,
        dt: float,
    ) -> None:
        self._spec, self._footprint, self._start, self._goals = spec, footprint, start, goals
        self._steps, self._dt = steps, dt
        self._groups, self._slots = place_groups(spec), place_slots(spec)
        half = 0.5 * np.asarray(spec.chosen.size) + THICKNESS + 0.03
        self._empty = Grid.empty(-half, half)

    def sample(self, seed: int) -> tuple[tuple[Body, ...], Place]:
        """Returns a body for each slot, and the place.

        Raises:
            BadInput: After many tries there is no place in which the robot has somewhere to go.
        """
        for attempt in range(TRIES):
            rng = stream(seed, PREFIX, attempt)
            draft = self._draft(rng)
            bodies = self._bodies(draft.things)
            place = self._place(occupancy_of(self._empty, self._slots, bodies), draft.gates, rng)
            if place is not None:
                return self._with_people(bodies, place, stream(seed, PREFIX, PERSON)), place
        raise FieldError(
            ("scene", "place"),
            f"in {TRIES} tries no start and goal were free and joined by a way; make the place larger, put less into "
            "it or shorten the distance to the goal.",
        )

    def _draft(self, rng: np.random.Generator) -> Draft:
        if self._spec.rooms is not None:
            return draw_rooms(self._spec.rooms, rng)
        assert self._spec.warehouse is not None
        return draw_warehouse(self._spec.warehouse, rng)

    def _bodies(self, things: list[Thing]) -> tuple[Body, ...]:
        bodies = []
        for name, group in self._groups.items():
            own = [thing for thing in things if thing.group == name]
            assert len(own) <= group.count, f"{name}: {len(own)} things for {group.count} slots"
            bodies += [_standing(thing) for thing in own] + [_parked()] * (group.count - len(own))
        return tuple(bodies)

    def _place(self, grid: Grid, gates: list[tuple[float, float]], rng: np.random.Generator) -> Place | None:
        """Draws start and goals; None if something is out of reach."""
        free = free_for(grid, self._footprint.width)
        if gates and not free[tuple(grid.cells(np.array(gates)).T)].all():
            return None
        cells = np.argwhere(free & (clearance(grid) > self._footprint.reach + MARGIN))  # it can turn there
        if len(cells) == 0:
            return None
        start = self._start
        if start is None:
            start = np.array([*grid.points(cells[int(rng.integers(len(cells)))]), rng.uniform(-np.pi, np.pi)])
        goals: dict[str, np.ndarray] = {}
        for name, distance in self._goals.items():
            goal = self._goal(grid, cells, start[:2], distance, rng)
            if goal is None:
                return None
            goals[name] = goal
        return Place(grid, start, goals)

    def _goal(
        self, grid: Grid, cells: np.ndarray, start: np.ndarray, distance: tuple[float, float], rng: np.random.Generator
    ) -> np.ndarray | None:
        field = field_to(grid, start, self._footprint.width)
        for _ in range(_GOAL_TRIES):
            point = grid.points(cells[int(rng.integers(len(cells)))])
            if np.linalg.norm(point - start) > distance[1]:
                continue
            way = shortest_way(field, point)
            if len(way) and distance[0] <= length_of(way) <= distance[1]:
                return point
        return None

    def _with_people(self, bodies: tuple[Body, ...], place: Place, rng: np.random.Generator) -> tuple[Body, ...]:
        spec = self._spec.chosen
        people = []
        goals = destinations(place.occupancy, PERSON_RADIUS, rng) if spec.people else []
        for _ in range(spec.people):
            speed = float(rng.uniform(*spec.speed))
            variant = int(rng.integers(VARIANTS))
            track = walk(goals, place.start[:2], self._steps + 1, self._dt, speed, rng)
            people.append(_parked() if track is None else _walking(variant, track))
        return (*bodies[: len(bodies) - spec.people], *people)


def _standing(thing: Thing) -> Body:
    return Body(
        thing.candidate,
        np.array([*thing.xy, 0.0]),
        upright(thing.yaw),
        scale=np.asarray(thing.scale, float),
        color=_linear(thing.color),
        texture=thing.texture,
    )


def _walking(variant: int, track: np.ndarray) -> Body:
    x, y, yaw = track[0]
    return Body(variant, np.array([x, y, 0.0]), upright(yaw), color=(1.0, 1.0, 1.0), track=track)


def _parked() -> Body:
    return Body(0, _PARKED, np.array([1.0, 0.0, 0.0, 0.0]))


def upright(yaw: float) -> np.ndarray:
    """Returns the quaternion wxyz of a turn about the vertical [rad]. Shape: (4,)."""
    return np.array([np.cos(0.5 * yaw), 0.0, 0.0, np.sin(0.5 * yaw)])


def _linear(srgb: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in srgb_to_linear(srgb))
    return red, green, blue
