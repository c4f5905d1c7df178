"""How much of one flat block's place another one covers, seen from above: exact areas of convex pieces, in a batch."""

from __future__ import annotations

from collections.abc import Callable

import torch

from simgen.env.worlds import Worlds
from simgen.world import host, rotation


def overlap(worlds: Worlds, body: str, target: str) -> torch.Tensor:
    """Share of the target's area that the body covers, 0..1; nothing while one lies on its other side. Shape: (E,)."""
    pieces, places = plan_outline(worlds, body), plan_outline(worlds, target)
    covered = torch.zeros(worlds.num_envs, device=worlds.device)
    for piece in pieces.unbind(1):
        for place in places.unbind(1):
            covered = covered + polygon_area(clipped(piece, place))
    whole = polygon_area(places).sum(1)
    upright = _faces_up(worlds, body) & _faces_up(worlds, target)
    return torch.where(upright, covered / whole.clamp(min=1e-12), torch.zeros_like(covered))


def overlapping(worlds: Worlds, body: str, target: str, at_least: float = 0.9) -> torch.Tensor:
    """It covers at least a share of the target's area. Shape: (E,)."""
    return overlap(worlds, body, target) >= at_least


def plan_outline(worlds: Worlds, name: str) -> torch.Tensor:
    """Returns the outlines of a flat block's pieces in the world, seen from above [m]. (E, pieces, corners, 2)."""
    local = worlds.pieces_of(name)
    flat = torch.cat([local, torch.zeros_like(local[..., :1])], -1)
    turned = rotation.rotate(worlds.quaternion(name)[:, None, None].expand(*flat.shape[:-1], 4), flat)
    return turned[..., :2] + worlds.position(name)[:, None, None, :2]


def _faces_up(worlds: Worlds, name: str) -> torch.Tensor:
    up = host.constant([0.0, 0.0, 1.0], like=worlds.tcp_position).expand(worlds.num_envs, 3)
    return rotation.rotate(worlds.quaternion(name), up)[:, 2] > 0.0


def polygon_area(corners: torch.Tensor) -> torch.Tensor:
    """Returns the area of polygons whose corners (..., K, 2) are counter-clockwise. Shape: (...)."""
    centred = corners - corners[..., :1, :]
    following = centred.roll(-1, dims=-2)
    return 0.5 * (centred[..., 0] * following[..., 1] - centred[..., 1] * following[..., 0]).sum(-1)


def clipped(polygon: torch.Tensor, window: torch.Tensor) -> torch.Tensor:
    """Returns what of convex polygons lies inside convex windows.

    Args:
        polygon, window: Corners counter-clockwise; a corner may be repeated. Shapes: (N, K, 2), (N, M, 2).

    Returns:
        Corners counter-clockwise, the last one repeated. Shape: (N, K + M, 2).

    Source: Sutherland and Hodgman, Reentrant polygon clipping, CACM 1974.
    """
    for start, end in zip(window.unbind(1), window.roll(-1, dims=1).unbind(1), strict=True):
        polygon = _cut(polygon, start, end - start)
    return polygon


def _cut(polygon: torch.Tensor, start: torch.Tensor, along: torch.Tensor) -> torch.Tensor:
    """Keeps what is left of a line; one more corner than before. Shapes: (N, K, 2), (N, 2), (N, 2)."""
    away = polygon - start[:, None]
    side = along[:, None, 0] * away[..., 1] - along[:, None, 1] * away[..., 0]
    next_corner, next_side = polygon.roll(-1, dims=1), side.roll(-1, dims=1)
    share = side / torch.where(side == next_side, torch.ones_like(side), side - next_side)
    crossing = polygon + share[..., None] * (next_corner - polygon)
    crosses = (side >= 0.0) != (next_side >= 0.0)
    corners = torch.stack([polygon, crossing], 2).flatten(1, 2)
    kept = torch.stack([side >= 0.0, crosses], 2).flatten(1, 2)
    count = kept.sum(1, keepdim=True)
    order = torch.argsort((~kept).to(torch.int8), dim=1, stable=True)  # what is kept first, in its order
    slots = torch.arange(polygon.shape[1] + 1, device=polygon.device)
    chosen = order.gather(1, torch.minimum(slots, (count - 1).clamp(min=0)))
    found = corners.gather(1, chosen[..., None].expand(-1, -1, 2))
    return torch.where(count[..., None] > 0, found, start[:, None])


CONDITIONS: dict[str, Callable[..., torch.Tensor]] = {"overlap": overlapping}
REWARDS: dict[str, Callable[..., torch.Tensor]] = {"overlap": overlap}
