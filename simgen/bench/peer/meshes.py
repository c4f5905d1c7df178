"""The peer's robot with our meshes: its own URDF, in which only what is drawn has fewer triangles."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import trimesh
from scipy.spatial.transform import Rotation
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

from simgen.world.robot.card import RobotCard
from simgen.world.robot.files import robot_file
from simgen.world.robot.visual import VisualPart, load_visual


def write_urdf(card: RobotCard, triangles_per_link: int, folder: Path) -> Path:
    """Writes the robot's URDF with simplified visual meshes into a folder and returns its path.

    Args:
        card: The robot.
        triangles_per_link: Budget of the meshes.
        folder: Is filled with one GLB per mesh.
    """
    source = robot_file(card.urdf)
    tree = ET.parse(source)
    visual = load_visual(card, triangles_per_link)
    for link in tree.getroot().findall("link"):
        for element in link.findall("visual"):
            link.remove(element)
        for index, part in enumerate(visual.links.get(str(link.get("name")), ())):
            path = folder / f"{link.get('name')}_{index}.glb"
            path.write_bytes(_glb(part))
            _add_visual(link, part, path)
    for mesh in tree.getroot().iter("mesh"):
        mesh.set("filename", str((source.parent / str(mesh.get("filename"))).resolve()))
    out = folder / source.name
    tree.write(out)
    return out


def _glb(part: VisualPart) -> bytes:
    color = [*(float(value) for value in part.base_color), 1.0]
    material = PBRMaterial(baseColorFactor=color, metallicFactor=part.metallic, roughnessFactor=part.roughness)
    mesh = trimesh.Trimesh(part.mesh.vertices, part.mesh.faces, vertex_normals=part.mesh.normals, process=False)
    mesh.visual = TextureVisuals(material=material)
    return mesh.export(file_type="glb")  # pyright: ignore[reportReturnType]


def _add_visual(link: ET.Element, part: VisualPart, path: Path) -> None:
    element = ET.SubElement(link, "visual")
    roll_pitch_yaw = Rotation.from_matrix(part.T_link_mesh[:3, :3]).as_euler("xyz")
    ET.SubElement(element, "origin", xyz=_text(part.T_link_mesh[:3, 3]), rpy=_text(roll_pitch_yaw))
    ET.SubElement(ET.SubElement(element, "geometry"), "mesh", filename=str(path))


def _text(values: np.ndarray) -> str:
    return " ".join(f"{value:.9g}" for value in values)
