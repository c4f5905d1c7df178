"""The shapes of a recorded episode: its scene drawn again from the seed, moved as its states say."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.data.curate.geometry.depth import Shapes
from simgen.data.curate.geometry.errors import NoGeometry
from simgen.data.curate.geometry.links import link_poses, rotation_matrices
from simgen.data.curate.geometry.pieces import Piece, floor_piece, link_pieces, object_pieces
from simgen.data.curate.motion import Motion
from simgen.data.episode_view import EpisodeView
from simgen.data.manifest import GENERATION
from simgen.data.recorded import source_of, title_of
from simgen.errors import SimgenError
from simgen.spec import TaskSpec
from simgen.spec.load import load_any_task
from simgen.world.robot.card import load_card
from simgen.world.scene.scene import Body, Scene
from simgen.world.scene.slots import BodySlot, Layout

Role = Literal["object", "part", "fixed", "surface", "link"]
_MOST_SHAPES = 64  # sets of shapes that are kept for the episodes to come


@dataclass(frozen=True, eq=False)
class Solid:
    """Something that collides.

    Args:
        name: e.g. "cube", "table", "panda_hand".
        role: "object" moves freely, "part" on a joint, "fixed" and "surface" stay, "link" is the robot's.
        pieces: Which of the shapes are its own.
        position, matrix: Its frame in the world in each frame. Shapes: (F, 3) [m] and (F, 3, 3).
        owner: For parts and links, what they are parts of: these are joined, and not looked at for overlaps.
    """

    name: str
    role: Role
    pieces: tuple[int, ...]
    position: np.ndarray
    matrix: np.ndarray
    owner: str = ""


@dataclass(frozen=True, eq=False)
class Geometry:
    """The solids of an episode.

    Args:
        shapes: Their pieces.
        solids: By name.
        scene: As drawn from the episode's seed.
        floor: Height of the ground [m].
    """

    shapes: Shapes
    solids: dict[str, Solid]
    scene: Scene
    layout: Layout

    @functools.cached_property
    def _places(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        return {
            piece: self.shapes.placed(piece, solid.position, solid.matrix)
            for solid in self.solids.values()
            for piece in solid.pieces
        }

    def depths(self, first: Solid, second: Solid) -> np.ndarray:
        """How deep two solids are in each other in each frame. Shape: (F,), [m]."""
        deepest = np.zeros(len(first.position))
        for one in first.pieces:
            for other in second.pieces:
                depth = self.shapes.depths(one, other, self._places[one], self._places[other])
                np.maximum(deepest, depth, out=deepest)
        return deepest

    def gaps(self, first: Solid, second: Solid) -> np.ndarray:
        """Lower bounds of the distance between two solids in each frame, by balls around their pieces. Shape: (F,)."""
        gap = np.full(len(first.position), np.inf)
        for one in first.pieces:
            for other in second.pieces:
                distance = np.linalg.norm(self._places[one][0] - self._places[other][0], axis=1)
                np.minimum(gap, distance - self.shapes.radius[one] - self.shapes.radius[other], out=gap)
        return gap

    def moving(self) -> list[Solid]:
        """The objects that move freely."""
        return [solid for solid in self.solids.values() if solid.role == "object"]


@dataclass(frozen=True, eq=False)
class _Draft:
    """Solids whose pieces are collected first and made into shapes together."""

    key: list[Any] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    solids: list[tuple[str, Role, tuple[int, ...], np.ndarray, np.ndarray, str]] = field(default_factory=list)

    def add(
        self, name: str, role: Role, pieces: list[Piece], pose: tuple[np.ndarray, np.ndarray], key: Any, owner: str = ""
    ) -> None:
        first = len(self.pieces)
        self.pieces.extend(pieces)
        self.key.append((name, key))
        numbers = tuple(range(first, len(self.pieces)))
        self.solids.append((name, role, numbers, *pose, owner))


class TaskGeometry:
    """Makes the geometry of a task's episodes.

    Args:
        task: Of ours; None where there is no such task.
        problem: Why there is none.
    """

    def __init__(self, task: TaskSpec | None, problem: str = "") -> None:
        self._task, self.problem = task, problem
        self._kept: dict[Any, Shapes] = {}

    @classmethod
    def of(cls, spec: Mapping[str, Any], name: str) -> TaskGeometry:
        """Reads a task from a dataset's spec."""
        source = source_of(spec)
        if source is not None:
            return cls(None, f"{name} was recorded elsewhere ({title_of(source)}), so its shapes are not known")
        try:
            task = load_any_task({key: value for key, value in spec.items() if key != GENERATION})
        except SimgenError as error:
            return cls(None, str(error).splitlines()[0])
        if not isinstance(task, TaskSpec):
            return cls(None, f"{name} is an environment of ManiSkill's, whose shapes are not in the dataset")
        return cls(task)

    @property
    def task(self) -> TaskSpec | None:
        """The task, where it is one of ours."""
        return self._task

    @functools.cached_property
    def _sampler(self) -> Any:
        from simgen.world.scene.layout import layout_of
        from simgen.world.scene.sample import SceneSampler

        assert self._task is not None
        layout = layout_of(self._task)
        return SceneSampler(self._task, layout), layout

    def episode(self, episode: EpisodeView, motion: Motion) -> Geometry:
        """Draws the scene of an episode and moves it as the episode's states say.

        Raises:
            NoGeometry: The task is not of ours, the scene cannot be drawn, or its bodies are not those of the states.
        """
        if self._task is None:
            raise NoGeometry(self.problem)
        try:
            sampler, layout = self._sampler
            scene = sampler.sample(episode.seed)
        except SimgenError as error:
            raise NoGeometry(str(error).splitlines()[0]) from error
        draft = _Draft()
        _add_surfaces(draft, layout, motion.frames)
        for slot, body in zip(layout.bodies, scene.bodies, strict=True):
            _add_body(draft, slot, body, layout, motion)
        _add_robot(draft, layout, motion)
        solids = {entry[0]: Solid(*entry) for entry in draft.solids}
        return Geometry(self._shapes(draft), solids, scene, layout)

    def _shapes(self, draft: _Draft) -> Shapes:
        key = tuple(draft.key)
        if key not in self._kept:
            if len(self._kept) >= _MOST_SHAPES:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = Shapes(draft.pieces)
        return self._kept[key]


def _add_surfaces(draft: _Draft, layout: Layout, frames: int) -> None:
    still = np.zeros((frames, 3)), np.broadcast_to(np.eye(3), (frames, 3, 3))
    draft.add("ground", "surface", [floor_piece(layout.ground_height)], still, layout.ground_height)
    if layout.table is not None:
        draft.add("table", "surface", object_pieces(layout.table, np.ones(3)), still, layout.table.key)


def _add_body(draft: _Draft, slot: BodySlot, body: Body, layout: Layout, motion: Motion) -> None:
    if slot.motion == "marker":
        return
    model = slot.candidates[body.candidate]
    pose = _pose(slot, body, layout, motion, draft)
    role: Role = "part" if slot.joint is not None else "object" if slot.motion == "dynamic" else "fixed"
    owner = slot.name.partition(".")[0]
    draft.add(slot.name, role, object_pieces(model, body.scale), pose, (model.key, *body.scale), owner)


def _pose(slot: BodySlot, body: Body, layout: Layout, motion: Motion, draft: _Draft) -> tuple[np.ndarray, np.ndarray]:
    """Where a body is in each frame: as recorded, as its joint says, or as its scene has put it."""
    frames = motion.frames
    if slot.name in motion.tracks:
        track = motion.tracks[slot.name]
        return track.position, rotation_matrices(track.quaternion)
    if slot.parent is not None and body.hanging is not None:
        parent = next(entry for entry in draft.solids if entry[0] == slot.parent)
        return _hung(slot, body, layout, motion, parent[3], parent[4])
    if body.track is not None:
        rows = body.track[np.minimum(np.arange(frames), len(body.track) - 1)]
        half = rows[:, 2] / 2
        height = np.full(frames, body.position[2])
        quaternion = np.stack([np.cos(half), 0 * half, 0 * half, np.sin(half)], axis=1)
        return np.column_stack([rows[:, :2], height]), rotation_matrices(quaternion)
    if slot.motion == "dynamic" and not slot.scenery:
        raise NoGeometry(f"its states have no body {slot.name!r}, which the task has")
    matrix = rotation_matrices(np.asarray(body.quaternion)[None])
    return np.tile(body.position, (frames, 1)), np.repeat(matrix, frames, axis=0)


def _hung(
    slot: BodySlot, body: Body, layout: Layout, motion: Motion, position: np.ndarray, matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where a part is that hangs on a body with this pose; as `part_pose`, for all frames."""
    assert body.hanging is not None
    joint, owner = body.hanging.joint, slot.name.partition(".")[0]
    members = [layout.bodies[index].name for index in layout.members(layout.slot(owner))[1:]]
    if owner not in motion.articulations:
        raise NoGeometry(f"its states have no articulation {owner!r}, which the task has")
    travel = motion.articulations[owner].joints[:, members.index(slot.name)]
    axes = matrix @ Rotation.from_quat(joint.quaternion, scalar_first=True).as_matrix()
    origin = position + matrix @ joint.position
    if joint.kind == "prismatic":
        return origin + (axes @ joint.axis) * travel[:, None], axes
    turn = Rotation.from_rotvec(travel[:, None] * joint.axis).as_matrix()
    return origin + np.einsum("fij,fj->fi", axes, joint.anchor - turn @ joint.anchor), axes @ turn


def _add_robot(draft: _Draft, layout: Layout, motion: Motion) -> None:
    track = motion.articulations.get(layout.robot)
    card = load_card(layout.robot)
    if track is None or track.joints.shape[1] != card.dof:
        raise NoGeometry(f"its states have no robot {layout.robot!r} with {card.dof} joints")
    poses = link_poses(card, track)
    for link, pieces in link_pieces(layout.robot).items():
        draft.add(link, "link", pieces, poses[link], layout.robot, owner=layout.robot)
