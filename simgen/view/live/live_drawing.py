"""A live world in the scene: bodies at every step, pictures and points now and then, the way of the tool."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from simgen.view.live.cameras import CameraViews
from simgen.view.live.drawing import SceneView
from simgen.view.live.pictures import Colors, Pictures, first_choice
from simgen.view.live.trails import Trails
from simgen.view.live.world import LiveWorld

if TYPE_CHECKING:
    import viser

NONE = "none"
_TRAIL = 400  # points


class LiveDrawing:
    """Draws a live world.

    Args:
        server: Where.
        world: What is drawn.
    """

    def __init__(self, server: viser.ViserServer, world: LiveWorld) -> None:
        self._server, self._world = server, world
        self._scene, self._cameras = SceneView(server), CameraViews(server)
        self._trails, self._pictures, self._colors = Trails(server), Pictures(server), Colors()
        self._frames: list[viser.FrameHandle] = []
        self._way: list[np.ndarray] = []
        self._aimed = False
        self._chosen = first_choice(world.outputs)
        with server.gui.add_folder("Shown", order=6, expand_by_default=False):
            self.trail = server.gui.add_checkbox("trail", True, hint="the way of the tool")
            self.cameras = server.gui.add_checkbox("cameras", True)
            measured = [camera for camera, outputs in world.outputs.items() if "depth" in outputs]
            self.shadows = server.gui.add_checkbox("shadows", True, hint="without them slow machines draw faster")
            self.cloud = server.gui.add_dropdown("depth cloud", (NONE, *measured))
        self.shadows.on_update(lambda event: server.scene.configure_default_lights(True, self.shadows.value))

    def show(self) -> None:
        """Draws the scene of an episode that has begun."""
        world = self._world
        self._way = []
        self._trails.clear()
        self._colors.forget()
        card = world.env.card
        if world.drawable and card is not None:
            self._scene.show(world.env.layout, card, world.scene)
        else:
            if card is not None:
                self._scene.show_robot(card)
            self._show_frames()
        self.follow()
        if not self._aimed:
            self._aim()
        self.tell()

    def _aim(self) -> None:
        self._aimed, world = True, self._world
        links, layout = world.links, world.env.layout
        root = np.zeros(3) if links is None else links[0, :3]
        shown = [i for i, slot in enumerate(layout.bodies) if not slot.scenery]
        points = world.bodies[shown, :3]
        self._scene.aim(root, points[points[:, 2] > -5.0], world.scene.place is not None)

    def _show_frames(self) -> None:
        if self._frames:
            return
        for slot in self._world.env.layout.bodies:
            frame = self._server.scene.add_frame(f"/frames/{slot.name}", axes_length=0.08, axes_radius=0.003)
            self._server.scene.add_label(f"/frames/{slot.name}/name", slot.name)
            self._frames.append(frame)

    def follow(self) -> None:
        """Puts everything where it is now."""
        world = self._world
        bodies = world.bodies
        self._scene.move(world.links, bodies if world.drawable else None, world.env.engine.link_names)
        for frame, pose in zip(self._frames, bodies, strict=False):
            frame.position, frame.wxyz = pose[:3], pose[3:]
        place = world.tool
        if place is not None and np.isfinite(place).all():
            self._way = [*self._way[-_TRAIL:], place]

    def tell(self) -> None:
        """Renews pictures, points and trail."""
        world = self._world
        painted = {}
        for camera, output in self._chosen:
            painted[camera, output] = self._colors.paint(camera, output, world.image(camera, output), self._ids())
        with self._server.atomic(), contextlib.suppress(RuntimeError):
            self._pictures.show(painted)
            self._cameras.set_visible(self.cameras.value)
            for camera, outputs in world.outputs.items():
                pose = world.camera(camera)
                if pose is not None and outputs and (camera, outputs[0]) in painted:
                    self._cameras.show(camera, pose, painted[camera, outputs[0]])
            self._show_points()
            if self.trail.value and len(self._way) > 1:
                self._trails.show({"tool": np.stack(self._way)})
            else:
                self._trails.clear()

    def _show_points(self) -> None:
        name, world = self.cloud.value, self._world
        pose = None if name == NONE else world.camera(name)
        if pose is None:
            self._cameras.hide_points()
            return
        colors = world.image(name, "rgb") if "rgb" in world.outputs[name] else None
        self._cameras.show_points(pose, world.image(name, "depth")[..., 0], colors)

    def _ids(self) -> dict[int, dict[str, str]]:
        return self._world.env.engine.segmentation_ids(0)
