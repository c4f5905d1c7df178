"""A single mesh file as an asset: one rigid link."""

from __future__ import annotations

from pathlib import Path

from simgen.world.asset.raw import RawAsset, RawLink
from simgen.world.scene.mesh.read import joined_mesh, read_parts

TEXTURE_DETAIL = 4500  # triangles; fewer than an asset's drawn mesh may have
_Y_UP = (".glb", ".gltf")  # by glTF's standard


def read_mesh_asset(path: Path, collision: Path | None = None) -> RawAsset:
    """Reads a mesh file.

    Args:
        path: What is drawn.
        collision: Another file with convex parts that stand for it in collisions, if there is one.

    Raises:
        BadInput: As `read_parts`.
    """
    collisions = () if collision is None else (joined_mesh(read_parts(collision)),)
    link = RawLink("body", tuple(read_parts(path, TEXTURE_DETAIL)), collisions)
    return RawAsset("body", {"body": link}, y_up=path.suffix.lower() in _Y_UP)
