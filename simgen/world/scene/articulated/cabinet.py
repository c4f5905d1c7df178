"""A cabinet with drawers above each other and doors beside each other below them; its front looks along +x."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simgen.world.scene.articulated.mechanism import articulated, hung
from simgen.world.scene.articulated.painted import INSIDE, PANEL, Piece, box, painted, rod
from simgen.world.scene.model import ArticulatedModel, ObjectModel, Part
from simgen.world.scene.objects.kind import ObjectKind, Parameter, require

GAP = 0.003  # between what moves and what does not [m]
BOARD = 0.008  # thickness of a drawer's own walls [m]
GRIP = 0.006  # radius of a handle's bar [m]
STANDOFF = 0.045  # how far its middle is from the front [m]
PULLED_OUT = 0.75  # share of the depth that a drawer comes out
DOOR_SHARE = 0.5  # of the height, where there are drawers too
DOOR_OPENING = 1.9  # [rad]


def build_cabinet(
    width: float, depth: float, height: float, wall: float, drawers: float, doors: float, handle: float
) -> ArticulatedModel:
    """Builds a cabinet that stands on z = 0.

    Args:
        width, depth, height: Outer sides along y, x and z [m].
        wall: Thickness of its boards [m].
        drawers: How many, from the top: parts drawer_1, drawer_2, ...
        doors: How many, from the left as one looks at the front: parts door_1, door_2.
        handle: Length of the handles [m].
    """
    drawers, doors = int(drawers), int(doors)
    require(drawers + doors > 0, "cabinet: it needs a drawer or a door. Allowed: drawers or doors above 0")
    both = drawers > 0 and doors > 0  # then a shelf is between them
    split = wall + (height - 2 * wall) * (DOOR_SHARE if both else 1.0)  # where doors end, the top of the shelf
    opening = (height - wall - (split if doors else wall)) / max(drawers, 1)
    require(not drawers or opening > 0.05, "cabinet: its drawers are lower than 50 mm; make it higher.")
    leaf = (width - 2 * wall) / max(doors, 1)
    require(not doors or leaf > 0.09, "cabinet: its doors are narrower than 90 mm; make it wider.")
    require(not drawers or width - 2 * wall > handle + 0.04, "cabinet: its handles are wider than its drawers.")
    inner_low, inner_high = 0.5 * width - wall, depth / 2
    parts: dict[str, Part] = {}
    for number in range(drawers):
        top = height - wall - number * opening
        parts[f"drawer_{number + 1}"] = _drawer(2 * inner_low, depth - wall, top - opening, top, inner_high, handle)
    for number in range(doors):
        left = inner_low - number * leaf  # the left of one who looks at the front is +y
        hinge_left = number == 0
        parts[f"door_{number + 1}"] = _door(left - leaf, left, wall, split, inner_high, wall, handle, hinge_left)
    return articulated("cabinet", _shell(width, depth, height, wall, split if both else None), parts)


def _shell(width: float, depth: float, height: float, wall: float, shelf: float | None) -> ObjectModel:
    x, y = depth / 2, width / 2
    front = x - wall  # doors and drawer fronts close flush with the sides
    pieces = [
        box((-x, -y, 0.0), (x, -y + wall, height)),
        box((-x, y - wall, 0.0), (x, y, height)),
        box((-x, -y + wall, 0.0), (front, y - wall, wall), INSIDE),
        box((-x, -y + wall, height - wall), (x, y - wall, height)),
        box((-x, -y + wall, wall), (-x + wall, y - wall, height - wall), INSIDE),
    ]
    if shelf is not None:
        pieces.append(box((-x + wall, -y + wall, shelf - wall), (front, y - wall, shelf), INSIDE))
    return painted("cabinet", pieces)


def _bar(middle: np.ndarray, along: np.ndarray, length: float, front: float) -> list[Piece]:
    """A bar on two posts; `middle` is that of the bar, `front` where the posts end along x [m]."""
    ends = [middle + sign * 0.5 * length * along for sign in (-1.0, 1.0)]
    posts = [middle + sign * (0.5 * length - 2 * GRIP) * along for sign in (-1.0, 1.0)]
    return [
        rod(ends[0], ends[1], GRIP),
        *(rod((front, post[1], post[2]), (post[0], post[1], post[2]), 0.8 * GRIP) for post in posts),
    ]


def _drawer(width: float, depth: float, low: float, high: float, front: float, handle: float) -> Part:
    """A drawer between two heights whose front ends at x = `front`; its frame is in the middle of its handle."""
    y, thick = width / 2 - GAP, 2 * BOARD
    middle = np.array([front + STANDOFF, 0.0, 0.5 * (low + high)])
    back, inside = front - depth + GAP, front - thick
    floor, rim = low + GAP, high - 0.25 * (high - low)
    pieces = [
        box((inside, -y, low + GAP / 2), (front, y, high - GAP / 2), PANEL),
        box((back, -y + BOARD, floor), (inside, y - BOARD, floor + BOARD), INSIDE),
        box((back, -y, floor), (inside, -y + BOARD, rim), INSIDE),
        box((back, y - BOARD, floor), (inside, y, rim), INSIDE),
        box((back, -y + BOARD, floor + BOARD), (back + BOARD, y - BOARD, rim), INSIDE),
        *_bar(middle, np.array([0.0, 1.0, 0.0]), handle, front),
    ]
    joint = hung("prismatic", tuple(middle), (1.0, 0.0, 0.0), PULLED_OUT * depth, friction=1.0, damping=5.0)
    return Part(painted("drawer", _moved(pieces, middle)), joint)


def _door(
    right: float, left: float, low: float, high: float, front: float, thick: float, handle: float, hinge_left: bool
) -> Part:
    """A door between two sides and heights; its frame is in the middle of its handle, away from its hinge."""
    side = 1.0 if hinge_left else -1.0
    grip_y = (right + 0.045) if hinge_left else (left - 0.045)
    middle = np.array([front + STANDOFF, grip_y, 0.5 * (low + high)])
    pieces = [
        box((front - thick, right + GAP / 2, low + GAP), (front, left - GAP / 2, high - GAP), PANEL),
        *_bar(middle, np.array([0.0, 0.0, 1.0]), min(handle, 0.7 * (high - low)), front),
    ]
    hinge = np.array([front, left if hinge_left else right, middle[2]]) - middle
    joint = hung(
        "revolute", tuple(middle), (0.0, 0.0, side), DOOR_OPENING, anchor=tuple(hinge), friction=0.05, damping=0.2
    )
    return Part(painted("door", _moved(pieces, middle)), joint)


def _moved(pieces: list[Piece], origin: np.ndarray) -> list[Piece]:
    """The pieces in a frame whose origin is at `origin` [m]."""
    return [Piece(replace(p.collider, position=p.collider.position - origin), p.color) for p in pieces]


KINDS = {
    "cabinet": ObjectKind(
        "cabinet with drawers above doors, front along +x, on z = 0; parts drawer_1 (top), ..., door_1 (left), door_2",
        {
            "width": Parameter(0.36, "m", 0.12, 2.0, (0.30, 0.44)),
            "depth": Parameter(0.30, "m", 0.12, 1.0, (0.24, 0.34)),
            "height": Parameter(0.30, "m", 0.08, 2.5, (0.26, 0.38)),
            "wall": Parameter(0.012, "m", 0.004, 0.05, (0.010, 0.016)),
            "drawers": Parameter(2.0, "1", 0.0, 6.0),
            "doors": Parameter(0.0, "1", 0.0, 2.0),
            "handle": Parameter(0.11, "m", 0.05, 0.5, (0.09, 0.14)),
        },
        build_cabinet,  # pyright: ignore[reportArgumentType]
    )
}
