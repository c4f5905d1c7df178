"""Meshes as a browser gets them: GLB with a material each, textures laid on from six sides, and copies shared."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual import ColorVisuals, TextureVisuals
from trimesh.visual.material import PBRMaterial

from simgen.world.engine.appearance import OBJECT_GLOSS
from simgen.world.robot.visual import VisualPart
from simgen.world.scene.model import TriangleMesh
from simgen.world.scene.texture import texture

_TEXTURE_SIZE = 256  # [px]
_OBJECT_ROUGHNESS = 1.0 - OBJECT_GLOSS


@lru_cache(maxsize=512)
def link_glb(part: VisualPart) -> bytes:
    """Returns one material of a robot's link; vertices in the mesh's own frame."""
    color = np.ones(3) if part.mesh.colors is not None else part.base_color
    # there is little around that metal could mirror; fully metallic parts would be black
    return _glb(part.mesh, PBRMaterial(baseColorFactor=_rgba(color), metallicFactor=0.4 * part.metallic,
                                       roughnessFactor=max(0.35, part.roughness)))  # fmt: skip


def object_glb(
    mesh: TriangleMesh, scale: np.ndarray, color: tuple[float, float, float], name: str | None, repeat: float,
    opacity: float = 1.0,
) -> bytes:  # fmt: skip
    """Returns an object as its scene has it.

    Args:
        mesh: In the object's frame, at scale 1.
        scale: Factor per axis. Shape: (3,).
        color: Linear RGB; of a mesh with colours of its own a factor on these.
        name: Of a texture, or None.
        repeat: Side of what the texture shows [m].
        opacity: 1 is solid.
    """
    material = PBRMaterial(
        baseColorFactor=_rgba(color, opacity), metallicFactor=0.0, roughnessFactor=_OBJECT_ROUGHNESS,
        alphaMode="OPAQUE" if opacity >= 1.0 else "BLEND",
    )  # fmt: skip
    scaled = TriangleMesh(mesh.vertices * scale, mesh.faces, mesh.normals / np.maximum(scale, 1e-9), mesh.colors)
    if name is None or mesh.colors is not None:
        return _glb(scaled, material)
    material.baseColorTexture = Image.fromarray(texture(name, size=_TEXTURE_SIZE))
    return _textured(scaled, material, repeat)


def plane_glb(size: float, color: tuple[float, float, float], name: str | None, repeat: float) -> bytes:
    """Returns a level square about the origin, `size` [m] on a side."""
    half = 0.5 * size
    corners = np.array([[-half, -half, 0], [half, -half, 0], [half, half, 0], [-half, half, 0]], np.float32)
    normals = np.tile(np.array([0, 0, 1], np.float32), (4, 1))
    square = TriangleMesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32), normals)
    return object_glb(square, np.ones(3), color, name, repeat)


def _rgba(color: np.ndarray | tuple[float, float, float], opacity: float = 1.0) -> np.ndarray:
    return np.round(255 * np.clip([*color, opacity], 0.0, 1.0)).astype(np.uint8)


def _glb(mesh: TriangleMesh, material: PBRMaterial) -> bytes:
    visual = TextureVisuals(material=material)
    if mesh.colors is not None:
        # a PBR material does not carry colours of vertices; these alone do
        colors = mesh.colors * np.asarray(material.baseColorFactor)[:3] / 255.0
        visual = ColorVisuals(vertex_colors=(255 * np.clip(colors, 0, 1)).astype(np.uint8))
    return _exported(mesh.vertices, mesh.faces, mesh.normals, visual)


def _textured(mesh: TriangleMesh, material: PBRMaterial, repeat: float) -> bytes:
    """Lays the texture on each triangle from the side that it faces; corners are not shared."""
    corners, normals = mesh.vertices[mesh.faces], mesh.normals[mesh.faces]
    facing = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])).argmax(1)
    across, down = np.array([1, 0, 0])[facing], np.array([2, 2, 1])[facing]
    rows = np.arange(len(corners))[:, None], np.arange(3)[None]
    uv = np.stack([corners[*rows, across[:, None]], corners[*rows, down[:, None]]], -1) / repeat
    visual = TextureVisuals(uv=uv.reshape(-1, 2), material=material)
    faces = np.arange(3 * len(corners)).reshape(-1, 3)
    return _exported(corners.reshape(-1, 3), faces, normals.reshape(-1, 3), visual)


def _exported(
    vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray, visual: ColorVisuals | TextureVisuals
) -> bytes:
    made = trimesh.Trimesh(vertices, faces, vertex_normals=normals, visual=visual, process=False)
    content = made.export(file_type="glb", include_normals=True)
    assert isinstance(content, bytes)
    return content
