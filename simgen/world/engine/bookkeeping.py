"""What every engine remembers of its worlds' scenes besides physics and pictures."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.world.scene.mesh.support import DIRECTIONS, support_points
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout

TABLE_ID, GROUND_ID, FIRST_LINK_ID = 1, 2, 3


class SceneBook:
    """The scenes of E worlds and how far their bodies reach.

    Attributes:
        bounds: Corners of each body's box in its own frame, at its scale [m]. Shape: (E, B, 2, 3).
        outline: Points of each body's surface that reach as far as it does [m]. Shape: (E, B, K, 3).
        pose: Where the scenes put the bodies: position [m] and quaternion wxyz. Shape: (E, B, 7).
    """

    def __init__(self, layout: Layout, num_envs: int, device: torch.device) -> None:
        bodies = len(layout.bodies)
        self._layout = layout
        self._scenes: list[Scene | None] = [None] * num_envs
        self.bounds = torch.zeros(num_envs, bodies, 2, 3, device=device)
        self.outline = torch.zeros(num_envs, bodies, DIRECTIONS, 3, device=device)
        self.pose = torch.zeros(num_envs, bodies, 7, device=device)
        self.pose[..., 3] = 1.0
        self._support = [[support_points(model.visual.vertices) for model in slot.candidates] for slot in layout.bodies]

    def write(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Enters the scenes of these worlds."""
        for env, scene in zip(env_ids, scenes, strict=True):
            self._scenes[env] = scene
            for index, body in enumerate(scene.bodies):
                model = self._layout.bodies[index].candidates[body.candidate]
                outline = self._support[index][body.candidate] * body.scale
                self.pose[env, index] = torch.tensor([*body.position, *body.quaternion], dtype=torch.float32)
                self.bounds[env, index] = torch.as_tensor(model.bounds * body.scale).float()
                self.outline[env, index] = torch.as_tensor(outline).float()

    def scene(self, env_id: int) -> Scene:
        """Returns the scene that a world was given last."""
        scene = self._scenes[env_id]
        assert scene is not None, "the world has not been reset yet"
        return scene


def segmentation_ids(layout: Layout, link_names: Sequence[str], candidates: Sequence[int]) -> dict[int, dict[str, str]]:
    """Returns the meaning of each segmentation id in a world whose slots hold these candidates."""
    names = {GROUND_ID: ("ground", layout.ground_class)}
    if layout.table is not None:
        names[TABLE_ID] = ("table", "table")
    names |= {FIRST_LINK_ID + row: (link, "robot") for row, link in enumerate(link_names)}
    first = FIRST_LINK_ID + len(link_names)
    for index, slot in enumerate(layout.bodies):
        kind = slot.candidates[candidates[index]].kind
        names[first + index] = (slot.name, slot.semantic_class or kind)
    return {i: {"name": name, "class": kind, "body": name} for i, (name, kind) in names.items()}
