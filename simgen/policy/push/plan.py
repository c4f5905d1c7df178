"""Where to push a flat block next: contacts on its outline, how a push would move it, and the best two in a row."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from simgen.env.terms.shape import polygon_area

SPACING = 0.015  # of contacts along the longest edge [m]
ROOM = 0.006  # between tool and block where the tool comes down [m]
MARGIN = 0.006  # of contacts from the ends of an edge [m]
STEP = 0.005  # of the prediction [m]
STEPS = 24  # of the longest push
FRICTION = 0.5  # between tool and block
BEAM = 10  # first pushes that are followed by a second one
PRICE = 0.004  # of a push: what it must bring nearer [m]


@dataclass(frozen=True, eq=False)
class Block:
    """A flat block as pushing sees it, in its own frame, in E worlds.

    Args:
        points: Contacts on the outline [m]. Shape: (E, C, 2).
        normals: Unit vectors into the block. Shape: (E, C, 2).
        usable: Whether the tool fits there. Shape: (E, C), bool.
        center: Of its area [m]. Shape: (E, 2).
        radius: Root mean square distance of its area from the centre [m]. Shape: (E,).
    """

    points: torch.Tensor
    normals: torch.Tensor
    usable: torch.Tensor
    center: torch.Tensor
    radius: torch.Tensor

    def of(self, worlds: torch.Tensor) -> Block:
        """Returns the blocks of some worlds."""
        return Block(*(part[worlds] for part in vars(self).values()))


def block_of(pieces: torch.Tensor, tool: float) -> Block:
    """Finds contacts on the outline of a union of convex pieces that do not overlap.

    Args:
        pieces: Corners counter-clockwise, the last one repeated where there are fewer [m]. Shape: (E, P, K, 2).
        tool: Radius of the tool [m].
    """
    center, radius = _area_moments(pieces)
    starts, ends = pieces.flatten(1, 2), pieces.roll(-1, dims=2).flatten(1, 2)
    along = ends - starts
    length = along.norm(dim=-1, keepdim=True)
    along = along / length.clamp(min=1e-9)
    count = int(length.max() / SPACING) + 1
    share = (torch.arange(count, device=pieces.device) + 0.5) / count
    inner = (length - 2.0 * MARGIN).clamp(min=0.0)
    points = starts[:, :, None] + along[:, :, None] * (MARGIN + share[:, None] * inner[:, :, None])
    normals = torch.stack([-along[..., 1], along[..., 0]], -1)[:, :, None].expand_as(points)
    exists = (length > 2.0 * MARGIN)[:, :, None].expand(*points.shape[:-1], 1)[..., 0]
    points, normals, exists = points.flatten(1, 2), normals.flatten(1, 2), exists.flatten(1, 2)
    usable = exists & (distance_outside(points - normals * (tool + ROOM), pieces) > tool)
    kept = usable.any(0)
    return Block(points[:, kept], normals[:, kept], usable[:, kept], center, radius)


def distance_outside(points: torch.Tensor, pieces: torch.Tensor) -> torch.Tensor:
    """Returns how far points are from convex pieces [m], 0 inside them. Shapes: (E, N, 2), (E, P, K, 2) -> (E, N)."""
    starts, ends = pieces.flatten(1, 2), pieces.roll(-1, dims=2).flatten(1, 2)
    along = (ends - starts)[:, None]
    way = points[:, :, None] - starts[:, None]
    share = ((way * along).sum(-1) / along.square().sum(-1).clamp(min=1e-12)).clamp(0.0, 1.0)
    nearest = (way - share[..., None] * along).norm(dim=-1).amin(-1)
    side = along[..., 0] * way[..., 1] - along[..., 1] * way[..., 0]
    inside = (side.unflatten(-1, pieces.shape[1:3]) >= 0.0).all(-1) & (polygon_area(pieces) > 0.0)[:, None]
    return torch.where(inside.any(-1), torch.zeros_like(nearest), nearest)


def _area_moments(pieces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the centre (E, 2) and the root mean square distance from it (E,) of the pieces' area."""
    fan = torch.stack([pieces[:, :, :1].expand_as(pieces), pieces, pieces.roll(-1, dims=2)], -2).flatten(1, 2)
    area = polygon_area(fan)
    whole = area.sum(-1, keepdim=True)
    center = (fan.mean(-2) * area[..., None]).sum(1) / whole
    local = fan - center[:, None, None]
    # the mean of |x|^2 over a triangle from its corners
    square = (local.square().sum((-1, -2)) + local.sum(-2).square().sum(-1)) / 12.0
    return center, ((square * area).sum(-1) / whole[:, 0]).sqrt()


@dataclass(frozen=True, eq=False)
class Push:
    """A push in each of E worlds.

    Args:
        contact: Index among the block's contacts. Shape: (E,).
        length: How far the tool goes on once it touches [m]; 0: no push helps. Shape: (E,).
        error: What is left then [m]. Shape: (E,).
    """

    contact: torch.Tensor
    length: torch.Tensor
    error: torch.Tensor


def best_push(block: Block, pose: torch.Tensor, goal: torch.Tensor) -> Push:
    """Chooses the first of the two pushes that together bring the block nearest to its goal.

    Args:
        block: E blocks.
        pose, goal: Of the block's frame: x, y [m], yaw [rad]. Shape: (E, 3).
    """
    errors, poses = predicted(block, pose[:, None].expand(-1, block.points.shape[1], 3), goal)
    errors = errors.masked_fill(~block.usable[..., None], torch.inf)
    first, at = errors.min(-1)  # over lengths
    after = poses.gather(2, at[..., None, None].expand(-1, -1, 1, 3))[:, :, 0]
    _, beam = first.topk(min(BEAM, first.shape[1]), dim=1, largest=False)
    reached = after.gather(1, beam[..., None].expand(-1, -1, 3))  # (E, B, 3)
    second = _best_error(block, reached, goal)
    total = torch.minimum(first.gather(1, beam), second + PRICE)
    chosen = beam.gather(1, total.argmin(1, keepdim=True))
    length = (at.gather(1, chosen)[:, 0] + 1) * STEP
    error = first.gather(1, chosen)[:, 0]
    return Push(chosen[:, 0], length, error)


def push_on(block: Block, pose: torch.Tensor, goal: torch.Tensor, contact: torch.Tensor) -> Push:
    """Returns how far to go on at a contact (E,), as far as that brings the block nearer to its goal."""
    points, normals, usable = (_picked(part, contact) for part in (block.points, block.normals, block.usable))
    one = Block(points, normals, usable, block.center, block.radius)
    errors, _ = predicted(one, pose[:, None], goal)
    error, at = errors[:, 0].min(-1)
    length = torch.where(error < pose_error(block, pose, goal), (at + 1) * STEP, torch.zeros_like(error))
    return Push(contact, length, error)


def nearest_contact(
    block: Block, pose: torch.Tensor, tool: torch.Tensor, radius: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the contact at which the tool is, and whether it is near it at all. Shapes: (E, 3), (E, 2) -> (E,), (E,).

    Args:
        block: E blocks.
        pose: Of the block's frame: x, y [m], yaw [rad].
        tool: Middle of the tool in the world [m].
        radius: Of the tool [m].
    """
    local = turned(tool - pose[:, :2], -pose[:, 2])
    away = (block.points - block.normals * radius - local[:, None]).norm(dim=-1).masked_fill(~block.usable, torch.inf)
    distance, contact = away.min(-1)
    return contact, distance < SPACING


def _picked(part: torch.Tensor, contact: torch.Tensor) -> torch.Tensor:
    return part[torch.arange(len(part), device=part.device), contact][:, None]


def _best_error(block: Block, poses: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """What one more push can leave, from several poses (E, B, 3). Shape: (E, B)."""
    count, beam = poses.shape[:2]
    rows = torch.arange(count, device=poses.device).repeat_interleave(beam)
    many = block.of(rows)
    start = poses.flatten(0, 1)[:, None].expand(-1, many.points.shape[1], 3)
    errors, _ = predicted(many, start, goal[rows])
    return errors.masked_fill(~many.usable[..., None], torch.inf).amin((1, 2)).unflatten(0, (count, beam))


def pose_error(block: Block, pose: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """Returns the root mean square way of the block's points to their goal [m]. Shapes: (E, ..., 3), (E, 3)."""
    extra = (1,) * (pose.ndim - 2)
    center, radius = block.center.reshape(-1, *extra, 2), block.radius.reshape(-1, *extra)
    target = goal.reshape(-1, *extra, 3)
    way = pose[..., :2] + turned(center, pose[..., 2]) - target[..., :2] - turned(center, target[..., 2])
    return (way.square().sum(-1) + 2.0 * radius.square() * (1.0 - torch.cos(pose[..., 2] - target[..., 2]))).sqrt()


def predicted(block: Block, pose: torch.Tensor, goal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Predicts straight pushes along the normal at every contact, quasi-static and without slip where friction holds.

    Args:
        block: E blocks with C contacts.
        pose: Start, per contact. Shape: (E, C, 3).
        goal: Shape: (E, 3).

    Returns:
        Error [m] after each step of the push (E, C, STEPS), and the pose then (E, C, STEPS, 3).

    Source: limit surface as an ellipsoid (Goyal, Ruina, Papadopoulos 1991; Lynch, Maekawa, Tanie 1992).
    """
    arm = block.points - block.center[:, None]
    lever = torch.stack([-arm[..., 1], arm[..., 0]], -1)
    square = block.radius.square()[:, None]
    direction = turned(block.normals, pose[..., 2])  # fixed in the world
    center = pose[..., :2] + turned(block.center[:, None].expand_as(arm), pose[..., 2])
    yaw, track = pose[..., 2], []
    for _ in range(STEPS):
        push = turned(direction, -yaw)
        force = _force(push, block.normals, lever, square)
        torque = (lever * force).sum(-1)
        center = center + STEP * turned(force, yaw)
        yaw = yaw + STEP * torque / square
        track.append(torch.cat([center - turned(block.center[:, None].expand_as(arm), yaw), yaw[..., None]], -1))
    poses = torch.stack(track, 2)
    return pose_error(block, poses, goal), poses


def _force(push: torch.Tensor, normal: torch.Tensor, lever: torch.Tensor, square: torch.Tensor) -> torch.Tensor:
    """The force, in units of velocity, with which the contact moves as the tool does, or slips along the surface."""
    # contact velocity = force + lever (lever . force) / square, inverted by Sherman and Morrison
    stuck = push - lever * ((lever * push).sum(-1) / (square + lever.square().sum(-1)))[..., None]
    tangent = torch.stack([-normal[..., 1], normal[..., 0]], -1)
    pressed, dragged = (stuck * normal).sum(-1), (stuck * tangent).sum(-1)
    edge = normal + tangent * (FRICTION * dragged.sign())[..., None]
    moved = edge + lever * ((lever * edge).sum(-1) / square)[..., None]
    slipping = edge * ((push * normal).sum(-1) / (moved * normal).sum(-1).clamp(min=1e-6))[..., None]
    return torch.where((dragged.abs() <= FRICTION * pressed)[..., None], stuck, slipping)


def turned(vector: torch.Tensor, yaw: torch.Tensor) -> torch.Tensor:
    """Turns vectors (..., 2) by angles (...) [rad]."""
    cosine, sine = torch.cos(yaw), torch.sin(yaw)
    x, y = vector.unbind(-1)
    return torch.stack([cosine * x - sine * y, sine * x + cosine * y], -1)
