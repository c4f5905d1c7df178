"""What moved in a recorded episode: links, bodies and tool, step by step, from the stored states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.data import EpisodeView
from simgen.data.replay import ACTORS, ARTICULATIONS, LOOKS_SEED, task_of
from simgen.errors import SimgenError
from simgen.spec import TaskSpec
from simgen.world.robot.card import RobotCard, list_robots, load_card
from simgen.world.robot.links import links_of, tool_poses
from simgen.world.scene.articulated import part_pose
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout
from simgen.world.scene.variants import single

_REGISTERED = (
    "what stands around the robot is drawn by ManiSkill itself, so only the robot, where simgen has its card, and the "
    "frames of the objects are shown"
)


@dataclass(frozen=True, eq=False)
class Setting:
    """What an episode happened in.

    Args:
        layout, scene: What there is, and how it looks in this episode; None where it cannot be drawn.
        card: Of the robot; None where it is unknown.
        control_seconds: Length of a step [s].
        note: Why something is missing; "" if nothing is.
    """

    layout: Layout | None
    scene: Scene | None
    card: RobotCard | None
    control_seconds: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Motion:
    """Where everything was at T + 1 moments: positions [m] and quaternions wxyz.

    Args:
        links: Of the robot. Shape: (T + 1, L, 7), or None.
        bodies: One for each slot of the layout. Shape: (T + 1, B, 7), or None.
        frames: Of objects that cannot be drawn, by name. Shape of each: (T + 1, 7).
        paths: What left a trail, by name. Shape of each: (T + 1, 3).
    """

    links: np.ndarray | None = None
    bodies: np.ndarray | None = None
    frames: dict[str, np.ndarray] = field(default_factory=dict)
    paths: dict[str, np.ndarray] = field(default_factory=dict)


class Settings:
    """Finds the settings of a dataset's episodes; what episodes of a task share is made once.

    Args:
        spec: The resolved spec of the dataset.
    """

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._samplers: dict[str, tuple[TaskSpec, Layout, SceneSampler] | str] = {}

    def of(self, episode: EpisodeView) -> Setting:
        """Returns the setting of an episode; what is wrong with it is in its note."""
        if episode.task not in self._samplers:
            self._samplers[episode.task] = self._sampler(episode.task)
        found = self._samplers[episode.task]
        if isinstance(found, str):
            return Setting(None, None, _guessed_card(episode), _seconds_of(self._spec), found)
        task, layout, sampler = found
        try:
            scene = sampler.sample(episode.seed, episode.origin.get(LOOKS_SEED))
        except SimgenError as error:
            return Setting(None, None, _guessed_card(episode), task.episode.control_seconds, str(error))
        return Setting(layout, scene, load_card(layout.robot), task.episode.control_seconds)

    def _sampler(self, name: str) -> tuple[TaskSpec, Layout, SceneSampler] | str:
        try:
            task = single(task_of(self._spec, name))
            if not isinstance(task, TaskSpec):
                return _REGISTERED
            layout = layout_of(task)
            return task, layout, SceneSampler(task, layout)
        except SimgenError as error:
            return _first_line(error)


def motion_of(episode: EpisodeView, setting: Setting) -> Motion:
    """Returns where links and bodies were; what was not stored is left out."""
    states = {path: episode.arrays[path] for path in episode.arrays if path.startswith((ACTORS, ARTICULATIONS))}
    rows = {path: _finite(np.asarray(array, np.float64)) for path, array in states.items()}
    links, paths = _links(rows, setting.card)
    if setting.layout is None or setting.scene is None:
        frames = {
            path.removeprefix(ACTORS).removeprefix(ARTICULATIONS): row[:, :7]
            for path, row in rows.items()
            if setting.card is None or path != ARTICULATIONS + setting.card.name
        }
        return Motion(links, None, frames, paths | {name: row[:, :3] for name, row in frames.items()})
    bodies = _bodies(setting.layout, setting.scene, rows, episode.length + 1)
    for index, slot in enumerate(setting.layout.bodies):
        if slot.motion == "dynamic" or setting.scene.bodies[index].track is not None:
            paths[slot.name] = bodies[:, index, :3]
    return Motion(links, bodies, {}, paths)


def _links(rows: Mapping[str, np.ndarray], card: RobotCard | None) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
    """Poses of the links, and the way of the tool, or of the body of what has none."""
    row = None if card is None else rows.get(ARTICULATIONS + card.name)
    if card is None or row is None or row.shape[1] != 13 + 2 * card.dof:
        return None, {}
    links = links_of(card.model_dump_json())
    poses = links.poses(row[:, :7], row[:, 13 : 13 + card.dof])
    if card.tcp_link is not None:
        return poses, {"tool": tool_poses(card, links.names, poses)[:, :3]}
    moves = card.planar_base is not None or card.is_floating
    return poses, {"robot": poses[:, links.names.index(card.body_link), :3]} if moves else {}


def _bodies(layout: Layout, scene: Scene, rows: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    """Poses of all bodies; those that were not stored stand where the scene puts them. Shape: (count, B, 7)."""
    poses = np.stack([np.concatenate([body.position, body.quaternion]) for body in scene.bodies] or [np.zeros(7)])
    bodies = np.repeat(poses[None, : len(scene.bodies)], count, 0)
    for index, slot in enumerate(layout.bodies):
        if slot.parent is not None or slot.scenery:
            continue
        whole, jointed = rows.get(ACTORS + slot.name), rows.get(ARTICULATIONS + slot.name)
        row = whole if whole is not None else jointed
        if row is not None and len(row) == count:
            bodies[:, index] = row[:, :7]
        if jointed is not None and len(jointed) == count:
            _hang_parts(layout, scene, index, jointed, bodies)
    return bodies


def _hang_parts(layout: Layout, scene: Scene, index: int, row: np.ndarray, bodies: np.ndarray) -> None:
    members = layout.members(index)[1:]
    for position, member in enumerate(members):
        hanging, parent = scene.bodies[member].hanging, layout.slot(str(layout.bodies[member].parent))
        assert hanging is not None, "a part hangs on a joint"
        for moment, travel in enumerate(row[:, 13 + position]):
            turn = Rotation.from_quat(bodies[moment, parent, 3:], scalar_first=True)
            place, turn = part_pose(bodies[moment, parent, :3], turn, hanging.joint, float(travel))
            bodies[moment, member] = [*place, *turn.as_quat(scalar_first=True)]


def _finite(row: np.ndarray) -> np.ndarray:
    """Poses that can be drawn: a state that exploded stays where it last was."""
    row = row.copy()
    bad = ~np.isfinite(row).all(1) | (np.linalg.norm(row[:, 3:7], axis=1) < 1e-6)
    for moment in np.flatnonzero(bad):
        row[moment] = row[moment - 1] if moment else np.eye(1, row.shape[1], 3)[0]
    return row


def _guessed_card(episode: EpisodeView) -> RobotCard | None:
    """The card of the one robot that an episode of another origin has, if its joints are an arm's and agree."""
    for path in episode.arrays:
        name = path.removeprefix(ARTICULATIONS)
        if path.startswith(ARTICULATIONS) and name in list_robots():
            card = load_card(name)
            if card.planar_base is None and episode.arrays[path].shape[1] == 13 + 2 * card.dof:
                return card
    return None


def _seconds_of(spec: Mapping[str, Any]) -> float:
    """Length of a step [s], from whatever the spec of another origin says."""
    source, episode = spec.get("source"), spec.get("episode")
    rate = (source or {}).get("fps") if isinstance(source, Mapping) else None
    rate = rate or (episode.get("control_hz") if isinstance(episode, Mapping) else None)
    return 1.0 / float(rate) if rate else 0.05


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
