"""What a robot looks like: per link a few meshes in their own materials, cut down to a triangle budget and cached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import trimesh

from simgen.world.robot.card import RobotCard
from simgen.world.robot.urdf import UrdfShape, read_urdf
from simgen.world.scene.color import srgb_to_linear
from simgen.world.scene.mesh.cache import Arrays, cached_arrays, content_hash
from simgen.world.scene.mesh.convex import hull_faces
from simgen.world.scene.mesh.simplify import simplify
from simgen.world.scene.model import TriangleMesh

_VERSION = "robot-visual-4"
_PLAIN_COLOR = (0.6, 0.6, 0.6)
_LEAST_TRIANGLES = 12


@dataclass(frozen=True, eq=False)
class VisualPart:
    """One mesh of a link in one material.

    Args:
        mesh: In its own frame [m]; it has vertex colours only where the material is textured.
        base_color: Linear RGB in 0..1. Shape: (3,).
        metallic, roughness: In 0..1, as in glTF.
        T_link_mesh: Pose of the mesh in the link. Shape: (4, 4).
        key: Hash of the mesh; parts with equal keys have equal meshes.
    """

    mesh: TriangleMesh
    base_color: np.ndarray
    metallic: float
    roughness: float
    T_link_mesh: np.ndarray
    key: str


@dataclass(frozen=True, eq=False)
class RobotVisual:
    """The parts of each link, by link name; links without anything to see have an empty tuple."""

    links: dict[str, tuple[VisualPart, ...]]

    @property
    def num_triangles(self) -> int:
        """Triangles of the whole robot."""
        return sum(len(part.mesh.faces) for parts in self.links.values() for part in parts)


@dataclass(frozen=True, eq=False)
class _RawPart:
    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray | None
    material: tuple[float, float, float, float, float]


@cache
def _load(card_json: str, triangles_per_link: int) -> RobotVisual:
    card = RobotCard.model_validate_json(card_json)
    urdf = read_urdf(card)
    return RobotVisual(
        {link: _link_parts(urdf.visuals[link], triangles_per_link, link in card.hull_visuals) for link in urdf.links}
    )


def load_visual(card: RobotCard, triangles_per_link: int = 2000) -> RobotVisual:
    """Reads the <visual> meshes of a robot with their materials and simplifies them.

    Args:
        card: The robot.
        triangles_per_link: Budget that the parts of a link share in proportion to their triangles.

    Raises:
        SimgenError: If the wheel with the robot's files is missing.
    """
    return _load(card.model_dump_json(), triangles_per_link)


def _link_parts(shapes: tuple[UrdfShape, ...], budget: int, hull: bool) -> tuple[VisualPart, ...]:
    if not shapes:
        return ()
    contents = [shape.path.read_bytes() if shape.path is not None else b"" for shape in shapes]
    described = [(shape.kind, shape.size, shape.color) for shape in shapes]
    key = content_hash(*contents, described, budget, hull)
    arrays = cached_arrays(_VERSION, key, ("part_shape",), lambda: _simplified(shapes, budget, hull))
    return tuple(
        _part(arrays, index, shapes[int(shape)].T_link_shape) for index, shape in enumerate(arrays["part_shape"])
    )


def _part(arrays: Arrays, index: int, T_link_mesh: np.ndarray) -> VisualPart:
    mesh = TriangleMesh(
        arrays[f"vertices_{index}"], arrays[f"faces_{index}"], arrays[f"normals_{index}"], arrays.get(f"colors_{index}")
    )
    material = arrays["materials"][index]
    key = content_hash(mesh.vertices, mesh.faces, mesh.normals, mesh.colors)
    return VisualPart(mesh, material[:3], float(material[3]), float(material[4]), T_link_mesh, key)


def _simplified(shapes: tuple[UrdfShape, ...], budget: int, hull: bool) -> Arrays:
    raw = [(index, part) for index, shape in enumerate(shapes) for part in _read_shape(shape)]
    if hull:
        raw = [(index, _hull(part)) for index, part in raw]
    total = sum(len(part.faces) for _, part in raw)
    arrays: Arrays = {
        "part_shape": np.array([index for index, _ in raw], np.int32),
        "materials": np.array([part.material for _, part in raw], np.float32).reshape(-1, 5),
    }
    for index, (_, part) in enumerate(raw):
        share = max(_LEAST_TRIANGLES, budget * len(part.faces) // total)
        mesh = simplify(part.vertices, part.faces, share, part.colors)
        arrays |= {f"vertices_{index}": mesh.vertices, f"faces_{index}": mesh.faces, f"normals_{index}": mesh.normals}
        if mesh.colors is not None:
            arrays[f"colors_{index}"] = mesh.colors
    return arrays


def _hull(part: _RawPart) -> _RawPart:
    vertices, faces = hull_faces(part.vertices)
    return _RawPart(vertices, faces, None, part.material)


def _read_shape(shape: UrdfShape) -> list[_RawPart]:
    if shape.kind != "mesh":
        return [_from_trimesh(_primitive(shape), shape.color)]
    scene = trimesh.load_scene(shape.path)
    parts = []
    for node in scene.graph.nodes_geometry:
        transform, name = scene.graph[node]
        mesh = scene.geometry[name].copy()
        if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces):
            mesh.apply_transform(np.diag([*shape.size, 1.0]) @ transform)
            parts.append(_from_trimesh(mesh, shape.color))
    return parts


def _primitive(shape: UrdfShape) -> trimesh.Trimesh:
    if shape.kind == "box":
        return trimesh.creation.box(shape.size)
    if shape.kind == "cylinder":
        return trimesh.creation.cylinder(shape.size[0], shape.size[1], sections=32)
    return trimesh.creation.icosphere(3, shape.size[0])


def _from_trimesh(mesh: trimesh.Trimesh, urdf_color: tuple[float, float, float] | None) -> _RawPart:
    """Takes geometry and material over; the URDF's colour goes before the file's, as in ROS."""
    color, metallic, roughness, vertex_colors = urdf_color, 0.0, 0.5, None
    visual: Any = mesh.visual
    material: Any = getattr(visual, "material", None)
    if hasattr(material, "baseColorFactor"):  # a PBR material, from a GLB
        metallic = 0.0 if material.metallicFactor is None else float(material.metallicFactor)
        roughness = 0.5 if material.roughnessFactor is None else float(material.roughnessFactor)
        if color is None:
            factor = [255, 255, 255] if material.baseColorFactor is None else material.baseColorFactor
            color = tuple(float(value) / 255.0 for value in factor[:3])
        if material.baseColorTexture is not None:
            vertex_colors = srgb_to_linear(np.asarray(visual.to_color().vertex_colors)[:, :3] / 255.0).astype(
                np.float32
            )
    elif material is not None and color is None:
        color = tuple(srgb_to_linear(np.asarray(material.main_color)[:3] / 255.0).astype(np.float32))
    red, green, blue = _PLAIN_COLOR if color is None else color
    return _RawPart(
        np.asarray(mesh.vertices, np.float32),
        np.asarray(mesh.faces, np.int32),
        vertex_colors,
        (red, green, blue, metallic, roughness),
    )
