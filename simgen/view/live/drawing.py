"""A scene in the browser: robot, objects, table and floor as its seed has them, moved step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.view.live.meshes import link_glb, object_glb, plane_glb
from simgen.world.engine.appearance import HORIZON, METRES_PER_REPEAT
from simgen.world.robot.card import RobotCard
from simgen.world.robot.visual import load_visual
from simgen.world.scene.color import linear_to_srgb
from simgen.world.scene.scene import Body, Light, Scene
from simgen.world.scene.slots import Layout

if TYPE_CHECKING:
    import viser

FLOOR = 12.0  # side of the floor where there are no rooms [m]
_FOV = np.radians(50.0)
_MARKER_OPACITY = 0.7
_MOST_TRIANGLES = 4000  # of a link: what the scene tree of a browser takes easily
_BELOW = -5.0  # what lies deeper is parked, and not drawn [m]


class SceneView:
    """Draws one scene at a time.

    Args:
        server: Where.
    """

    def __init__(self, server: viser.ViserServer) -> None:
        self._server, self._scene = server, server.scene
        self._robot: str | None = None
        self._links: list[viser.FrameHandle | None] = []
        self._bodies: list[viser.FrameHandle] = []
        self._fixed: list[viser.SceneNodeHandle] = []
        self._last: dict[int, np.ndarray] = {}

    def show(self, layout: Layout, card: RobotCard, scene: Scene) -> None:
        """Replaces what is shown by the scene at its start."""
        with self._server.atomic():
            self.show_robot(card, layout.triangles_per_link)
            self._clear()
            self._show_surroundings(layout, scene)
            for index, body in enumerate(scene.bodies):
                self._bodies.append(self._show_body(layout, index, body))

    def show_robot(self, card: RobotCard, triangles: int = 2000) -> None:
        """Replaces the robot that is shown."""
        if self._robot == card.name:
            return
        for handle in self._links:
            if handle is not None:
                handle.remove()
        self._robot, self._links, self._last = card.name, [], {}
        visual = load_visual(card, min(triangles, _MOST_TRIANGLES))
        for link, parts in visual.links.items():
            frame = self._scene.add_frame(f"/robot/{link}", show_axes=False) if parts else None
            self._links.append(frame)
            for number, part in enumerate(parts):
                pose = part.T_link_mesh
                self._scene.add_glb(
                    f"/robot/{link}/part_{number}", link_glb(part), wxyz=_wxyz(pose[:3, :3]), position=pose[:3, 3]
                )
        self.link_names = tuple(visual.links)

    def clear(self) -> None:
        """Takes everything away."""
        self._clear()
        for handle in self._links:
            if handle is not None:
                handle.remove()
        self._robot, self._links = None, []

    def move(self, links: np.ndarray | None, bodies: np.ndarray | None, names: Sequence[str] = ()) -> None:
        """Puts links and bodies where they are now; only what has moved is sent.

        Args:
            links: Position [m] and quaternion wxyz of each. Shape: (L, 7).
            bodies: The same of each body. Shape: (B, 7).
            names: Of the links, in the order of `links`.
        """
        with self._server.atomic():
            if links is not None:
                rows = {name: row for row, name in enumerate(names)}
                for index, (name, frame) in enumerate(zip(self.link_names, self._links, strict=True)):
                    if frame is not None and name in rows:
                        self._put(index, frame, links[rows[name]])
            if bodies is not None:
                for index, frame in enumerate(self._bodies):
                    self._put(-1 - index, frame, bodies[index])

    def _put(self, key: int, frame: viser.FrameHandle, pose: np.ndarray) -> None:
        last = self._last.get(key)
        if last is not None and np.abs(last - pose).max() < 1e-5:
            return
        frame.position, frame.wxyz = pose[:3], pose[3:7]
        self._last[key] = np.array(pose)

    def _clear(self) -> None:
        for handle in (*self._bodies, *self._fixed):
            handle.remove()
        self._bodies, self._fixed = [], []
        self._last = {key: pose for key, pose in self._last.items() if key >= 0}

    def _show_surroundings(self, layout: Layout, scene: Scene) -> None:
        self._show_sky(scene.light)
        textured, place = layout.textures, scene.place
        size, middle = FLOOR, np.zeros(2)
        if place is not None:
            grid = place.occupancy
            extent = np.array(grid.shape[::-1]) * grid.resolution
            size, middle = float(extent.max()), grid.origin + 0.5 * extent
        floor = plane_glb(
            size, scene.ground_color, scene.ground_texture if textured else None, METRES_PER_REPEAT["ground"]
        )
        self._fixed.append(self._scene.add_glb("/floor", floor, position=np.array([*middle, layout.ground_height])))
        if layout.table is not None:
            table = object_glb(
                layout.table.visual, np.ones(3), scene.table_color, scene.table_texture if textured else None,
                METRES_PER_REPEAT["table"],
            )  # fmt: skip
            self._fixed.append(self._scene.add_glb("/table", table))

    def _show_sky(self, light: Light) -> None:
        high = np.asarray(linear_to_srgb(np.asarray(light.background)))
        low = np.asarray(linear_to_srgb(np.asarray(light.background) * HORIZON))
        ramp = np.linspace(0.0, 1.0, 64)[:, None]
        rows = np.clip(255 * ((1 - ramp) * high + ramp * low), 0, 255).astype(np.uint8)
        self._scene.set_background_image(np.repeat(rows[:, None], 4, 1), format="png")

    def _show_body(self, layout: Layout, index: int, body: Body) -> viser.FrameHandle:
        slot = layout.bodies[index]
        name = f"/objects/{slot.name}"
        frame = self._scene.add_frame(name, show_axes=False, position=body.position, wxyz=body.quaternion)
        if body.position[2] < _BELOW:
            return frame
        content = object_glb(
            slot.candidates[body.candidate].visual, body.scale, body.color, body.texture if layout.textures else None,
            slot.texture_size, _MARKER_OPACITY if slot.motion == "marker" else 1.0,
        )  # fmt: skip
        self._scene.add_glb(f"{name}/shape", content, cast_shadow=slot.motion != "marker")
        return frame

    def aim(self, root: np.ndarray, bodies: np.ndarray | None, place: bool) -> None:
        """Puts the viewer's eye where robot and objects are seen well; those who look already stay where they are.

        Args:
            root: Where the robot is [m]. Shape: (3,).
            bodies: Where things are that matter [m]. Shape: (N, 3).
            place: Whether there are walls to look over.
        """
        points = np.concatenate([root[None, :3], bodies]) if bodies is not None and len(bodies) else root[None, :3]
        low, high = points.min(0), points.max(0)
        middle, reach = 0.5 * (low + high), float(max(0.8, np.linalg.norm(high - low)))
        middle[2] = low[2] + 0.25 if not place else low[2]
        away = np.array([1.5, -0.05, 0.9]) if not place else np.array([0.35, 0.3, 1.2])
        camera = self._server.initial_camera
        camera.look_at, camera.position, camera.fov = middle, middle + 1.3 * reach * away, _FOV
        camera.up = np.array([0.0, 0.0, 1.0])


def _wxyz(matrix: np.ndarray) -> np.ndarray:
    return Rotation.from_matrix(matrix).as_quat(scalar_first=True)
