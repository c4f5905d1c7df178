"""Robot and objects of an episode in a recording: meshes once, poses for each moment."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.data.export.layout import ENV
from simgen.data.export.robots import card_of
from simgen.data.export.selection import ExportEpisode
from simgen.data.recorded import has_recorded
from simgen.errors import SimgenError
from simgen.world.robot.card import RobotCard

_TRIANGLES = 1000  # of a link
_ROOT = 7


class Surroundings:
    """Finds how the objects of a dataset's episodes look; what episodes of a task share is made once."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._samplers: dict[str, Any] = {}

    def of(self, episode: ExportEpisode) -> tuple[Any, Any] | None:
        """Returns layout and scene of an episode; None where they cannot be made again."""
        if has_recorded(self._spec):
            return None
        task = episode.task
        if task not in self._samplers:
            self._samplers[task] = self._sampler(task)
        if self._samplers[task] is None:
            return None
        from simgen.data.replay import LOOKS_SEED

        layout, sampler = self._samplers[task]
        try:
            return layout, sampler.sample(episode.view.seed, episode.view.origin.get(LOOKS_SEED))
        except SimgenError:
            return None

    def _sampler(self, name: str) -> tuple[Any, Any] | None:
        from simgen.data.replay import task_of
        from simgen.spec import TaskSpec
        from simgen.world.scene.layout import layout_of
        from simgen.world.scene.sample import SceneSampler
        from simgen.world.scene.variants import single

        try:
            task = single(task_of(self._spec, name))
            if not isinstance(task, TaskSpec):
                return None
            layout = layout_of(task)
            return layout, SceneSampler(task, layout)
        except SimgenError:
            return None


def log_robot(recording: Any, episode: ExportEpisode, times: list[Any]) -> bool:
    """Logs the robot's meshes and where its links were; returns whether there is a robot that simgen knows."""
    from simgen.world.robot.links import links_of
    from simgen.world.robot.visual import load_visual

    card = card_of(episode.layout)
    if card is None:
        return False
    poses = robot_poses(episode, card)
    names = links_of(card.model_dump_json()).names
    for link, parts in load_visual(card, _TRIANGLES).links.items():
        if link not in names or not parts:
            continue
        _log_poses(recording, f"world/robot/{link}", poses[:, names.index(link)], times)
        for number, part in enumerate(parts):
            entity = f"world/robot/{link}/part_{number}"
            _log_mesh(recording, entity, part.mesh, part.mesh.vertices, part.base_color)
            _log_pose(recording, entity, part.T_link_mesh)
    return True


def robot_poses(episode: ExportEpisode, card: RobotCard) -> np.ndarray:
    """Returns where the links were, by forward kinematics of the recorded state. Shape: (T+1, L, 7)."""
    from simgen.world.robot.links import links_of

    row = episode.array(f"{ENV}articulations/{card.name}").astype(np.float64)
    return links_of(card.model_dump_json()).poses(row[:, :_ROOT], row[:, 13 : 13 + card.dof])


def log_objects(recording: Any, episode: ExportEpisode, times: list[Any], made: tuple[Any, Any] | None) -> list[str]:
    """Logs where all recorded objects were, with their meshes where they are known; returns their names."""
    card = card_of(episode.layout)
    names = []
    for facts in episode.layout.env_states:
        if (card is not None and facts.name == card.name) or not facts.shape or facts.shape[0] < _ROOT:
            continue
        entity = f"world/objects/{facts.name}"
        _log_poses(recording, entity, episode.array(facts.path)[:, :_ROOT], times)
        if made is None or not _log_body(recording, entity, facts.name, *made):
            _log_axes(recording, entity)
        names.append(facts.name)
    if made is not None:
        _log_still(recording, *made, set(names))
    return names


def _log_body(recording: Any, entity: str, name: str, layout: Any, scene: Any) -> bool:
    for slot, body in zip(layout.bodies, scene.bodies, strict=False):
        if slot.name == name:
            mesh = slot.candidates[body.candidate].visual
            alpha = 0.6 if slot.motion == "marker" else 1.0
            _log_mesh(recording, f"{entity}/shape", mesh, mesh.vertices * body.scale, np.asarray(body.color), alpha)
            return True
    return False


def _log_still(recording: Any, layout: Any, scene: Any, moving: set[str]) -> None:
    """What stands still and was not recorded: the table, and fixed bodies without a parent."""
    if layout.table is not None:
        mesh = layout.table.visual
        _log_mesh(recording, "world/table", mesh, mesh.vertices, np.array([0.45, 0.33, 0.22]))
    for slot, body in zip(layout.bodies, scene.bodies, strict=False):
        if slot.name in moving or slot.parent is not None:
            continue
        pose = np.eye(4)
        pose[:3, :3] = Rotation.from_quat(body.quaternion, scalar_first=True).as_matrix()
        pose[:3, 3] = body.position
        _log_pose(recording, f"world/objects/{slot.name}", pose)
        _log_body(recording, f"world/objects/{slot.name}", slot.name, layout, scene)


def _log_mesh(
    recording: Any, entity: str, mesh: Any, vertices: np.ndarray, color: np.ndarray, alpha: float = 1.0
) -> None:
    import rerun

    from simgen.world.scene.color import linear_to_srgb

    def srgb(values: np.ndarray) -> np.ndarray:
        return np.clip(255 * np.asarray(linear_to_srgb(np.asarray(values))), 0, 255).astype(np.uint8)

    colors = None if mesh.colors is None else srgb(mesh.colors)
    factor = [*srgb(color), round(255 * alpha)] if colors is None else None
    recording.log(
        entity,
        rerun.Mesh3D(
            vertex_positions=vertices, triangle_indices=mesh.faces, vertex_normals=mesh.normals, vertex_colors=colors,
            albedo_factor=factor,
        ),
        static=True,
    )  # fmt: skip


def _log_pose(recording: Any, entity: str, pose: np.ndarray) -> None:
    import rerun

    recording.log(entity, rerun.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3]), static=True)


def _log_axes(recording: Any, entity: str) -> None:
    import rerun

    arrows = rerun.Arrows3D(vectors=0.08 * np.eye(3), colors=[[220, 60, 60], [60, 170, 60], [70, 90, 220]])
    recording.log(f"{entity}/axes", arrows, static=True)


def _log_poses(recording: Any, entity: str, poses: np.ndarray, times: list[Any]) -> None:
    """Logs positions [m] and quaternions w, x, y, z."""
    import rerun

    turns = poses[:, [4, 5, 6, 3]]
    recording.send_columns(entity, times, rerun.Transform3D.columns(translation=poses[:, :3], quaternion=turns))
