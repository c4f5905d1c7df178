"""Small meshes, and a stage: meshes put up in a few worlds with cameras and lights, drawn by either back end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import warp as wp

from simgen.world.engine.newton.render.camera import CameraBatch
from simgen.world.engine.newton.render.instances import InstanceTable
from simgen.world.engine.newton.render.light import LightBatch
from simgen.world.engine.newton.render.mesh_pool import MeshPool
from simgen.world.engine.newton.render.renderer import Renderer
from simgen.world.engine.newton.render.textures import TextureArrays
from simgen.world.scene.model import TriangleMesh

OUTPUTS = ("rgb", "depth", "segmentation", "normals", "albedo")


def flat_mesh(triangles: np.ndarray) -> TriangleMesh:
    """A mesh of separate triangles with their own normals. Shape of `triangles`: (F, 3, 3)."""
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    faces = np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3)
    return TriangleMesh(
        triangles.reshape(-1, 3).astype(np.float32), faces, np.repeat(normals, 3, axis=0).astype(np.float32)
    )


def box(x: float, y: float, z: float) -> TriangleMesh:
    """A box around the origin with these full sizes."""
    triangles = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            a, b = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            center = np.eye(3)[axis] * sign
            corners = [center - a - b, center + a - b, center + a + b, center - a + b]
            corners = corners if sign > 0 else corners[::-1]
            triangles += [[corners[0], corners[1], corners[2]], [corners[0], corners[2], corners[3]]]
    return flat_mesh(np.array(triangles) * np.array([x, y, z]) / 2)


def quad(size: float) -> TriangleMesh:
    """A square in the plane z = 0, seen from above."""
    a, b, c, d = (np.array([u, v, 0.0]) * size / 2 for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1)))
    return flat_mesh(np.array([[a, b, c], [a, c, d]]))


def sphere(radius: float, rings: int = 48) -> TriangleMesh:
    """A smooth sphere around the origin."""
    polar = np.linspace(0, np.pi, rings + 1)[:, None]
    around = np.linspace(0, 2 * np.pi, 2 * rings + 1)[None, :]
    points = np.stack(
        [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar) + 0 * around], -1
    ).reshape(-1, 3)
    width = 2 * rings + 1
    faces = []
    for i in range(rings):
        for j in range(2 * rings):
            a, b, c, d = i * width + j, (i + 1) * width + j, (i + 1) * width + j + 1, i * width + j + 1
            faces += [[a, b, c]] * (i < rings - 1) + [[a, c, d]] * (i > 0)
    normals = points.astype(np.float32)
    return TriangleMesh(normals * np.float32(radius), np.array(faces, np.int32), normals)


@dataclass
class Item:
    """One instance, the same in all worlds unless its views are changed."""

    mesh: TriangleMesh
    position: Sequence[float] = (0.0, 0.0, 0.0)
    quaternion: Sequence[float] = (1.0, 0.0, 0.0, 0.0)  # wxyz
    scale: Sequence[float] = (1.0, 1.0, 1.0)
    color: Sequence[float] = (0.6, 0.6, 0.6)
    body: int = -1
    casts_shadow: bool = True
    looks: dict[str, float] = field(default_factory=dict)  # gloss, texture, texture_scale


class Stage:
    """Items in E worlds; segmentation ids count from 1."""

    def __init__(self, items: Sequence[Item], num_worlds: int = 1, num_bodies: int = 0) -> None:
        self.num_worlds, self.num_bodies = num_worlds, num_bodies
        self.pool = MeshPool()
        ids = [self.pool.add(item.mesh) for item in items]
        self.pool.finalize("cpu", trace=True)
        self.table = InstanceTable(
            [i.body for i in items], num_worlds, "cpu", casts_shadow=[i.casts_shadow for i in items]
        )
        self.views = self.table.views
        for index, item in enumerate(items):
            w, x, y, z = item.quaternion
            self.views["mesh"][:, index] = ids[index]
            self.views["transform"][:, index] = torch.tensor([*item.position, x, y, z, w])
            self.views["scale"][:, index] = torch.tensor(item.scale)
            self.views["color"][:, index] = torch.tensor(item.color)
            self.views["segmentation"][:, index] = index + 1
            for name, value in item.looks.items():
                self.views[name][:, index] = value
        self.light = LightBatch(num_worlds, "cpu")
        self.body_q = wp.full(num_worlds * num_bodies, wp.transform_identity(), dtype=wp.transform, device="cpu")

    def camera(
        self,
        eye: Sequence[float],
        target: Sequence[float] = (0.0, 0.0, 0.0),
        size: tuple[int, int] = (64, 64),
        fov: float = 0.8,
        **options: float,
    ) -> CameraBatch:
        """The same camera in all worlds."""
        camera = CameraBatch(self.num_worlds, *size, fov=fov, device="cpu", **options)
        camera.look_at(torch.tensor(eye), torch.tensor(target))
        return camera

    def draw(
        self,
        camera: CameraBatch,
        backend: str = "raster",
        outputs: Sequence[str] = OUTPUTS,
        shadows: bool = False,
        textures: TextureArrays | None = None,
        samples: int = 1,
        shadow_size: int = 256,
    ) -> dict[str, torch.Tensor]:
        """Copies of the pictures."""
        renderer = Renderer(
            self.pool,
            self.table,
            self.num_bodies,
            "cpu",
            backend=backend,
            shadows=shadows,
            textures=textures,
            samples=samples,
            shadow_size=shadow_size,
        )
        pictures = renderer.render(self.body_q, camera, outputs, self.light)
        return {name: picture.clone() for name, picture in pictures.items()}


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """The helpers of this file, for tests that cannot import it."""
    return SimpleNamespace(
        box=box, quad=quad, sphere=sphere, flat_mesh=flat_mesh, Item=Item, Stage=Stage, outputs=OUTPUTS
    )


@pytest.fixture(params=["raster", "trace"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each back end in turn."""
    return request.param
