"""What things look like: meshes, colours and textures as SAPIEN's render shapes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from sapien.render import RenderMaterial, RenderShapeTriangleMesh, RenderTexture2D

from simgen.world.scene.color import srgb_to_linear
from simgen.world.scene.model import TriangleMesh
from simgen.world.scene.texture import texture

TEXTURE_SIZE = 256
MIP_LEVELS = 7
# GGX with this roughness has a highlight as wide as Blinn and Phong's with exponent 32, and this Fresnel
# reflectance per unit of gloss makes it as bright.
_ROUGHNESS = 0.49
_SPECULAR_PER_GLOSS = 0.68
_FLOATS = "r32g32b32a32sfloat"


def make_look(
    mesh: TriangleMesh,
    color: Sequence[float] | np.ndarray = (1.0, 1.0, 1.0),
    texture_name: str | None = None,
    metres_per_repeat: float = 1.0,
    scale: np.ndarray | None = None,
    gloss: float = 0.0,
) -> RenderShapeTriangleMesh:
    """Makes a render shape.

    Args:
        mesh: In its own frame [m].
        color: Linear RGB 0..1, times the mesh's own colours and the texture's.
        texture_name: Laid onto the faces from the direction that each faces most; None: plain.
        metres_per_repeat: Size of the texture [m].
        scale: Factors on the mesh. Shape: (3,).
        gloss: 0 matt .. 1 polished.
    """
    factors = np.ones(3) if scale is None else np.asarray(scale, float)
    material = RenderMaterial(base_color=[*(float(c) for c in color), 1.0])
    material.metallic, material.roughness, material.specular = 0.0, _ROUGHNESS, _SPECULAR_PER_GLOSS * gloss
    vertices, normals = mesh.vertices * factors, mesh.normals / factors
    faces, uv = mesh.faces, np.zeros((len(vertices), 2))
    if texture_name is not None:
        own = np.ones(3) if mesh.colors is None else mesh.colors.mean(axis=0)
        material.base_color_texture = _picture(texture_name, tuple(float(c) for c in np.asarray(color) * own))
        uv = _box_uv(mesh, factors / metres_per_repeat)
    elif mesh.colors is not None:
        pixels, uv = _corner_colors(mesh.colors[mesh.faces] * np.asarray(color))
        material.base_color_texture = RenderTexture2D(pixels, _FLOATS, 1, "linear", "edge")
    if material.base_color_texture is not None:  # each face has corners of its own
        vertices, normals = vertices[faces].reshape(-1, 3), normals[faces].reshape(-1, 3)
        faces = np.arange(len(vertices)).reshape(-1, 3)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return RenderShapeTriangleMesh(
        vertices=vertices.astype(np.float32),
        triangles=faces.astype(np.uint32),
        normals=normals.astype(np.float32),
        uvs=uv.astype(np.float32),
        material=material,
    )


@lru_cache(maxsize=64)
def _picture(name: str, color: tuple[float, float, float]) -> RenderTexture2D:
    """A texture times a colour: SAPIEN takes one or the other."""
    linear = _linear_table()[texture(name, size=TEXTURE_SIZE)] * np.asarray(color, np.float32)
    pixels = np.concatenate([linear, np.ones((*linear.shape[:2], 1), np.float32)], axis=2)
    return RenderTexture2D(np.ascontiguousarray(pixels), _FLOATS, MIP_LEVELS, "linear", "repeat")


@lru_cache(maxsize=1)
def _linear_table() -> np.ndarray:
    return srgb_to_linear(np.arange(256) / 255.0).astype(np.float32)


def _box_uv(mesh: TriangleMesh, repeats: np.ndarray) -> np.ndarray:
    """Texture coordinates of each face's corners, along the axes that the face is least steep to. Shape: (3 F, 2).

    The face's first corner decides, by its normal in the mesh, as in the other engine's renderer.
    """
    x, y, z = np.abs(mesh.normals[mesh.faces[:, 0]]).T
    along_x = (x > y) & (x > z)
    along_z = ~along_x & (z >= y)
    u_axis, v_axis = np.where(along_x, 1, 0), np.where(along_z, 1, 2)
    corners = mesh.vertices[mesh.faces] * repeats
    rows = np.arange(len(mesh.faces))
    uv = np.stack([corners[rows, :, u_axis], corners[rows, :, v_axis]], axis=-1)
    return uv.reshape(-1, 2)


def _corner_colors(colors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Packs the colours of faces' corners into a texture; SAPIEN's meshes have no vertex colours.

    Each face gets 2 x 2 texels: its corners' colours and, in the fourth, what makes the interpolation between all of
    them linear over the face.

    Args:
        colors: Linear RGB of the corners. Shape: (F, 3, 3).

    Returns:
        Texels (S, S, 4), float32, and texture coordinates of the corners (3 F, 2).
    """
    side = max(1, int(np.ceil(np.sqrt(len(colors)))))
    row, column = np.divmod(np.arange(len(colors)), side)
    texels = np.ones((2 * side, 2 * side, 4), np.float32)
    a, b, c = colors[:, 0], colors[:, 1], colors[:, 2]
    for down, right, value in ((0, 0, a), (0, 1, b), (1, 0, c), (1, 1, b + c - a)):
        texels[2 * row + down, 2 * column + right, :3] = value
    corner = np.stack([2 * column + 0.5, 2 * row + 0.5], axis=-1)[:, None] + np.array([[0, 0], [1, 0], [0, 1]])
    return texels, (corner / (2 * side)).reshape(-1, 2)
