"""What a world's picture consists of: ground, table, the robot's links and the body slots, one mesh instance each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import warp as wp
from scipy.spatial.transform import Rotation

from simgen.world.engine.appearance import LINK_GLOSS, OBJECT_GLOSS
from simgen.world.engine.bookkeeping import FIRST_LINK_ID, GROUND_ID, TABLE_ID
from simgen.world.engine.newton.model import WorldModel
from simgen.world.engine.newton.render.instances import FIXED, InstanceTable
from simgen.world.engine.newton.render.mesh_pool import MeshPool
from simgen.world.robot.card import RobotCard
from simgen.world.robot.visual import load_visual
from simgen.world.scene.mesh.simplify import simplify
from simgen.world.scene.model import TriangleMesh
from simgen.world.scene.objects import make_fixture
from simgen.world.scene.slots import Layout

_LEAST_SHADOW_TRIANGLES = 40


@dataclass(frozen=True)
class Part:
    """One mesh of the picture.

    Args:
        mesh: Index in the pool.
        body: Row in the world's body table; FIXED: it stands in the world.
        segmentation: Its id in segmentation images.
        gloss: 0 matt .. 1 polished.
        color: Linear 0..1.
        T_body_part: 4 x 4 [m].
        casts_shadow: Ground and table receive shadows; markers are not there.
    """

    mesh: int
    body: int
    segmentation: int
    gloss: float = 0.0
    color: Sequence[float] | np.ndarray = (1.0, 1.0, 1.0)
    T_body_part: np.ndarray = field(default_factory=lambda: np.eye(4))
    casts_shadow: bool = True


class PartList:
    """The parts of each world, and where in the list the ground, the table and the slots are.

    Args:
        world: The built model; its body rows move the parts.
        layout: What the worlds share.
        card: The robot.

    Attributes:
        pool: Holds every mesh that a part may show.
        parts: In the order of the instances.
        ground, table: Indices in `parts`; table is None where there is none.
        slots: Index in `parts` of each body slot.
        slot_meshes: Per slot the pool's index of each candidate.
    """

    def __init__(self, world: WorldModel, layout: Layout, card: RobotCard) -> None:
        self.pool = MeshPool()
        self.parts: list[Part] = []
        self._layout, self._link_names = layout, world.link_names
        self.ground = self._add_ground()
        self.table = None if layout.table is None else self._add_table()
        self._add_robot(card)
        self.slot_meshes = [[self.pool.add(model.visual) for model in slot.candidates] for slot in layout.bodies]
        self.slots = [self._add_slot(index, row) for index, row in enumerate(world.slot_body)]

    def _add(self, part: Part) -> int:
        self.parts.append(part)
        return len(self.parts) - 1

    def _add_ground(self) -> int:
        T_world_ground = np.eye(4)
        T_world_ground[2, 3] = self._layout.ground_height
        mesh = self.pool.add(make_fixture("ground").visual)
        return self._add(Part(mesh, FIXED, GROUND_ID, T_body_part=T_world_ground, casts_shadow=False))

    def _add_table(self) -> int:
        assert self._layout.table is not None
        mesh = self.pool.add(self._layout.table.visual)
        return self._add(Part(mesh, FIXED, TABLE_ID, casts_shadow=False))

    def _add_robot(self, card: RobotCard) -> None:
        visual = load_visual(card, self._layout.triangles_per_link)
        for row, link in enumerate(self._link_names):
            for piece in visual.links.get(link, ()):
                gloss = max(0.0, LINK_GLOSS * (1.0 - piece.roughness))
                mesh = self.pool.add(piece.mesh, _shadow_caster(piece.mesh))
                self._add(Part(mesh, row, FIRST_LINK_ID + row, gloss, piece.base_color, piece.T_link_mesh))

    def _add_slot(self, index: int, row: int) -> int:
        marker = row < 0
        identity = FIRST_LINK_ID + len(self._link_names) + index
        mesh, body = self.slot_meshes[index][0], FIXED if marker else row
        return self._add(Part(mesh, body, identity, OBJECT_GLOSS, casts_shadow=not marker))

    def instances(self, num_worlds: int, device: wp.Device) -> InstanceTable:
        """Returns the instance table of so many worlds, in their state before any scene."""
        casting = [part.casts_shadow for part in self.parts]
        table = InstanceTable([part.body for part in self.parts], num_worlds, device, casts_shadow=casting)
        columns = {
            "mesh": [part.mesh for part in self.parts],
            "gloss": [part.gloss for part in self.parts],
            "segmentation": [part.segmentation for part in self.parts],
            "transform": np.stack([_xyzw_pose(part.T_body_part) for part in self.parts]),
            "color": np.array([part.color for part in self.parts], np.float32),
        }
        for name, values in columns.items():
            view = table.views[name]
            view[:] = torch.as_tensor(values).to(view)
        return table


def _shadow_caster(mesh: TriangleMesh) -> TriangleMesh | None:
    """A coarser mesh for the shadow map, whose texels are several millimetres wide; None where it saves nothing."""
    triangles = len(mesh.faces) // 6
    return simplify(mesh.vertices, mesh.faces, triangles) if triangles >= _LEAST_SHADOW_TRIANGLES else None


def _xyzw_pose(T: np.ndarray) -> np.ndarray:
    return np.concatenate([T[:3, 3], Rotation.from_matrix(T[:3, :3]).as_quat()]).astype(np.float32)
