"""What terms and teachers see of the places that robots drive in: obstacles, people, and the way to a goal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from simgen.errors import BadInput
from simgen.world import host, rotation
from simgen.world.navigation.distance import clearance, field_to
from simgen.world.navigation.footprint import Footprint
from simgen.world.navigation.route import SMOOTH
from simgen.world.scene.place import PERSON_RADIUS, is_person

if TYPE_CHECKING:
    from simgen.env.worlds import Worlds

FARTHEST = 12.0  # of the way that is looked at [m]
NOBODY = 1e3  # where a person is who is not there [m]


class Navigation:
    """The places of E worlds, as maps for lookups on the worlds' device, and the ways to one thing in each.

    Args:
        worlds: The worlds.
        to: Name of the object or marker that is the goal.

    Attributes:
        footprint: Of the robot.
        cost: Of the best way to the goal from where the robot is: its length [m], more where it is narrow. Shape: (E,).
        progress: By how much the last step has lowered it [m]. Shape: (E,).
    """

    def __init__(self, worlds: Worlds, to: str) -> None:
        place, base = worlds.engine.scene(0).place, worlds.robot.planar_base
        if place is None or base is None:
            raise BadInput("a way through a place needs the scene's `place` and a robot that drives.")
        self._worlds, self._to = worlds, to
        self.footprint = Footprint.of(base)
        grid, count, device = place.occupancy, worlds.num_envs, worlds.device
        self._rows, self._columns = grid.shape
        self.resolution = grid.resolution
        self._origin = torch.as_tensor(grid.origin, dtype=torch.float32, device=device)
        cells = self._rows * self._columns
        self._clearance = torch.zeros(count, cells, device=device)
        self._cost = torch.zeros(count, cells, device=device)
        self._following = torch.zeros(count, cells, dtype=torch.int64, device=device)
        self._outline = torch.as_tensor(self.footprint.outline(), dtype=torch.float32, device=device)
        people = [index for index, slot in enumerate(worlds.engine.layout.bodies) if is_person(slot.name)]
        self._people = host.indices(people, device)
        self._way: tuple[torch.Tensor, torch.Tensor] | None = None
        self.cost = self.progress = torch.zeros(count, device=device)
        self.begin(torch.arange(count))

    def begin(self, env_ids: torch.Tensor) -> None:
        """Reads the maps of worlds whose episodes have started."""
        goals = self._worlds.position(self._to)[:, :2].cpu().double().numpy()
        for env in env_ids.tolist():
            place = self._worlds.engine.scene(env).place
            assert place is not None, "all scenes of a task have a place, or none"
            field = field_to(place.occupancy, goals[env], self.footprint.width)
            gaps = torch.as_tensor(clearance(place.occupancy).ravel(), dtype=torch.float32)
            self._clearance[env] = gaps.to(self._clearance.device)
            self._cost[env] = torch.as_tensor(field.cost.ravel(), dtype=torch.float32).to(self._cost.device)
            self._following[env] = torch.as_tensor(field.following.ravel(), dtype=torch.int64).to(self._cost.device)
        self._read()
        self.progress = self.progress.clone()
        self.progress[env_ids] = 0.0

    def step(self) -> None:
        """Takes note that a control step has been done."""
        before = self.cost
        self._read()
        self.progress = torch.nan_to_num(before - self.cost, 0.0, 0.0, 0.0)

    def _read(self) -> None:
        position, quaternion = self._worlds.base_pose
        self.pose = torch.cat([position[:, :2], rotation.yaw_of(quaternion)[:, None]], -1)
        self._way = None
        self.cost = self._cost.gather(1, self._cells(position[:, None, :2])).squeeze(1)

    def _cells(self, points: torch.Tensor) -> torch.Tensor:
        """Returns the numbers of the cells of points. Shapes: (E, N, 2) -> (E, N)."""
        cells = ((points - self._origin) / self.resolution).floor().long()
        columns, rows = cells[..., 0].clamp(0, self._columns - 1), cells[..., 1].clamp(0, self._rows - 1)
        return rows * self._columns + columns

    def clearance_at(self, points: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Returns how far points in some worlds are from what stands still [m].

        Shapes: (W, N, 2) and the worlds (W,) -> (W, N).
        """
        # A map measures from the middles of cells, and what stands there begins half a cell before.
        return self._look(self._clearance, points, ids) - 0.5 * self.resolution

    def cost_at(self, points: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Returns the costs of the ways from points in some worlds. Shapes: (W, N, 2) and (W,) -> (W, N)."""
        return self._look(self._cost, points, ids)

    def _look(self, table: torch.Tensor, points: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return table.view(-1)[self._cells(points) + (ids * table.shape[1])[:, None]]

    def people(self) -> torch.Tensor:
        """Returns where people are [m]; far away where there are fewer. Shape: (E, P, 2)."""
        where = self._worlds.state.body_position[:, self._people]
        return torch.where((where[..., 2] < -1.0)[..., None], NOBODY, where[..., :2])

    def gap(self) -> torch.Tensor:
        """Returns how far the robot's outline is from what stands still and from people [m]. Shape: (E,)."""
        everywhere = torch.arange(len(self.pose), device=self.pose.device)
        outline = self.to_world(self._outline.expand(len(self.pose), -1, -1), everywhere)
        gap = self._between_cells(outline, everywhere).amin(1)
        if len(self._people):
            local = self.to_robot(self.people())
            low, high = (host.constant(corner, like=local) for corner in (self.footprint.low, self.footprint.high))
            outside = torch.maximum(low - local, local - high).clamp(min=0.0).norm(dim=-1)
            gap = torch.minimum(gap, outside.amin(1) - PERSON_RADIUS)
        return gap

    def _between_cells(self, points: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Returns `clearance_at`, blended between the four nearest cells: to a centimetre instead of a cell."""
        share = ((points - self._origin) / self.resolution - 0.5) % 1.0
        corner = points - share * self.resolution
        total = torch.zeros_like(points[..., 0])
        for x in (0.0, 1.0):
            for y in (0.0, 1.0):
                weight = (share[..., 0] - (1.0 - x)).abs() * (share[..., 1] - (1.0 - y)).abs()
                step = self.resolution * host.constant([x, y], like=points)
                total += weight * self.clearance_at(corner + step, ids)
        return total

    def route(self, spacing: float, count: int) -> torch.Tensor:
        """Returns points of the way ahead in the robot's frame, so far apart [m]; the goal where it ends before.

        Shape: (E, count, 2).
        """
        points, along = self._ahead()
        wanted = spacing * torch.arange(1, count + 1, device=along.device).expand(len(along), -1)
        after = torch.searchsorted(along, wanted.contiguous()).clamp(1, along.shape[1] - 1)
        before = after - 1
        start, end = along.gather(1, before), along.gather(1, after)
        share = ((wanted - start) / (end - start).clamp(min=1e-6)).clamp(0.0, 1.0)[..., None]
        pair = [points.gather(1, index[..., None].expand(-1, -1, 2)) for index in (before, after)]
        return self.to_robot(pair[0] + share * (pair[1] - pair[0]))

    def _ahead(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the smooth way from the robot: points (E, N, 2) and how far along it they are (E, N) [m]."""
        if self._way is None:
            cell = self._cells(self.pose[:, None, :2])
            chain = [cell]
            for _ in range(round(FARTHEST / self.resolution)):
                cell = self._following.gather(1, cell)
                chain.append(cell)
            cells = torch.cat(chain, 1)
            columns_rows = torch.stack([cells % self._columns, cells // self._columns], -1)
            points = self._origin + (columns_rows + 0.5) * self.resolution
            half = round(0.5 * SMOOTH / self.resolution)
            padded = torch.nn.functional.pad(points.transpose(1, 2), (half, half), mode="replicate")
            smooth = torch.nn.functional.avg_pool1d(padded, 2 * half + 1, stride=1).transpose(1, 2)
            steps = (smooth[:, 1:] - smooth[:, :-1]).norm(dim=-1)
            along = torch.cat([torch.zeros_like(steps[:, :1]), steps.cumsum(1)], 1)
            self._way = smooth, along
        return self._way

    def to_world(self, points: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Turns points in the robot's frame, in some worlds, into points of the world [m].

        Shapes: (W, N, 2) and the worlds (W,) -> (W, N, 2).
        """
        pose = self.pose[ids]
        return _turned(points, pose[:, 2]) + pose[:, None, :2]

    def to_robot(self, points: torch.Tensor) -> torch.Tensor:
        """Turns points of the world into points in the robot's frame [m]. Shapes: (E, N, 2)."""
        return _turned(points - self.pose[:, None, :2], -self.pose[:, 2])


def _turned(points: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Turns points (E, N, 2) about the origin by an angle per world [rad]."""
    cosine, sine = torch.cos(angle)[:, None], torch.sin(angle)[:, None]
    x, y = points.unbind(-1)
    return torch.stack([cosine * x - sine * y, sine * x + cosine * y], -1)
