"""How people walk in an episode: from one free place to another, again and again, each at their own pace."""

from __future__ import annotations

import numpy as np

from simgen.world.navigation.distance import Field, field_to, free_for
from simgen.world.navigation.grid import Grid
from simgen.world.navigation.route import length_of, shortest_way, spaced

DESTINATIONS = 6  # in a place
SHORTEST = 2.0  # of a way [m]
OUT_OF_REACH = 1e4
TRIES = 20


def destinations(grid: Grid, radius: float, rng: np.random.Generator) -> list[Field]:
    """Draws places where people go, with the ways there; `radius` is that of a person [m]."""
    cells = np.argwhere(free_for(grid, radius + 0.1))
    if len(cells) == 0:
        return []
    chosen = rng.integers(len(cells), size=DESTINATIONS)
    return [field_to(grid, grid.points(cells[number]), radius) for number in chosen]


def walk(
    goals: list[Field], avoid: np.ndarray, steps: int, dt: float, speed: float, rng: np.random.Generator
) -> np.ndarray | None:
    """Draws a walk.

    Args:
        goals: Where people go.
        avoid: A place (2,) from which the person starts at least 2 m away [m].
        steps: Control steps, plus the first moment.
        dt: Length of a step [s].
        speed: [m/s].
        rng: Source of everything random.

    Returns:
        x, y [m] and heading [rad] at each moment, or None if there is no room to walk. Shape: (steps, 3).
    """
    if not goals:
        return None
    first = goals[0]
    places = first.grid.points(np.argwhere(np.isfinite(first.cost) & (first.cost < OUT_OF_REACH)))
    far = places[np.linalg.norm(places - avoid, axis=1) > SHORTEST]
    if len(far) == 0:
        return None
    way = far[int(rng.integers(len(far)))][None]
    needed = speed * dt * steps
    for _ in range(TRIES + round(needed / SHORTEST)):
        if length_of(way) >= needed:
            break
        leg = shortest_way(goals[int(rng.integers(len(goals)))], way[-1])
        if len(leg) and length_of(leg) >= SHORTEST:
            way = np.concatenate((way, leg[1:]))
    return _timed(way, steps, dt, speed) if length_of(way) > 0.0 else None


def _timed(way: np.ndarray, steps: int, dt: float, speed: float) -> np.ndarray:
    """Returns where someone is at each moment who walks evenly and looks 0.4 m ahead."""
    along = np.arange(steps) * speed * dt
    here, ahead = spaced(way, along), spaced(way, along + 0.4)
    step = ahead - here
    moving = np.linalg.norm(step, axis=1) > 1e-6
    yaw = np.arctan2(step[:, 1], step[:, 0])
    if not moving.all():  # the way ends before the episode
        yaw[~moving] = yaw[moving][-1] if moving.any() else 0.0
    return np.column_stack((here, np.unwrap(yaw)))
