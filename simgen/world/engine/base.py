"""The Engine protocol: what a physics and rendering engine must offer. What is above it is the same for all engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch

from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout

Backend = Literal["auto", "raster", "trace"]
"""How the newton engine draws: "raster" on the CPU, "trace" on a GPU and for comparison; others have one renderer."""


@dataclass(frozen=True, eq=False)
class WorldState:
    """Poses and velocities of all worlds.

    E worlds, D joints of the robot, L links, B bodies (markers included), J joints of articulated objects.

    Args:
        qpos, qvel: Of the robot in the card's joint order [rad, rad/s; m, m/s]. Shape: (E, D).
        link_position, link_quaternion: In the world, wxyz. Shapes: (E, L, 3), (E, L, 4).
        body_position, body_quaternion: Of the objects' frames in the world, wxyz. Shapes: (E, B, 3), (E, B, 4).
        body_linear_velocity, body_angular_velocity: Of the centres of mass, world frame. Shape: (E, B, 3).
        joint_position, joint_velocity: Of the scene's joints, see `Layout.joints` [rad, rad/s; m, m/s]. Shape: (E, J).
        root_velocity: Of the robot's first link: linear of its centre of mass, angular, world frame. Shape: (E, 6).
    """

    qpos: torch.Tensor
    qvel: torch.Tensor
    link_position: torch.Tensor
    link_quaternion: torch.Tensor
    body_position: torch.Tensor
    body_quaternion: torch.Tensor
    body_linear_velocity: torch.Tensor
    body_angular_velocity: torch.Tensor
    joint_position: torch.Tensor
    joint_velocity: torch.Tensor
    root_velocity: torch.Tensor


NO_ENGINES = 61  # the bit of a fault that lies above the engine


@dataclass(frozen=True, eq=False)
class Faults:
    """What went wrong in the worlds' last step, so that their episodes cannot be trusted.

    Args:
        bits: Of each world; 0 is nothing. Shape: (E,), integers; an engine's are below 2^NO_ENGINES.
        reason: Says what bits mean, and the remedy.
    """

    bits: torch.Tensor
    reason: Callable[[int], str]

    def also(self, worlds: torch.Tensor, reason: str) -> Faults:
        """Returns these and one that is no engine's, in some worlds (E,) bool."""
        bits = self.bits.long() | (worlds.long() << NO_ENGINES)
        return Faults(bits, lambda bits: reason if bits >> NO_ENGINES else self.reason(bits))

    def told(self) -> dict[int, str]:
        """Returns the worlds with a fault and the reasons; waits for the device."""
        return {world: self.reason(bits) for world, bits in enumerate(self.bits.tolist()) if bits}


class Engine(Protocol):
    """N worlds of one layout. Tensors live on `device`; those returned may be views that the next call overwrites."""

    layout: Layout
    num_envs: int
    device: torch.device
    link_names: tuple[str, ...]
    joint_names: tuple[str, ...]

    def reset(self, env_ids: torch.Tensor, scenes: Sequence[Scene]) -> None:
        """Gives each world in `env_ids` (K,) the scene of its next episode, objects and parameters included."""
        ...

    def set_targets(
        self, position: torch.Tensor, velocity: torch.Tensor | None = None, effort: torch.Tensor | None = None
    ) -> None:
        """Tells the drives of the joints what to do from now on; each heeds what its mode on the card is about.

        Args:
            position: [rad or m]. Shape: (E, D).
            velocity: [rad/s or m/s]; None: 0. Shape: (E, D).
            effort: [N m or N], cut at the card's force limit; None: 0. Shape: (E, D).
        """
        ...

    def move_body(self, name: str, position: torch.Tensor, quaternion: torch.Tensor) -> None:
        """Puts a fixed body elsewhere, with what touches it pushed away in the next steps.

        Args:
            name: Of the body.
            position: [m]. Shape: (E, 3).
            quaternion: wxyz. Shape: (E, 4).
        """
        ...

    def apply_wrench(self, body: str, wrench: torch.Tensor) -> None:
        """Pushes a body during the next step: force [N] and torque [N m] in the world frame. Shape: (E, 6)."""
        ...

    def step(self) -> None:
        """Advances all worlds by one control step."""
        ...

    def state(self) -> WorldState:
        """Returns the state now."""
        ...

    def set_state(self, env_ids: torch.Tensor, state: WorldState) -> None:
        """Puts worlds into a recorded state (joint and body poses and velocities). Rows of `state`: one per env id."""
        ...

    def contacts(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] that link, body or "table" `b` exerts on `a` after the last step. Shape: (E, 3)."""
        ...

    def body_bounds(self, slot: int) -> torch.Tensor:
        """Returns the corners of a body's box in its own frame, at its scale [m]. Shape: (E, 2, 3)."""
        ...

    def body_outline(self, slot: int) -> torch.Tensor:
        """Returns points of a body's surface that reach as far as it does, in its own frame [m]. Shape: (E, K, 3)."""
        ...

    def scene(self, env_id: int) -> Scene:
        """Returns the scene that a world was given last."""
        ...

    def render(self, worlds: Sequence[int] | None = None) -> dict[str, dict[str, torch.Tensor]]:
        """Returns the images of all cameras by camera and output. Shape of each: (E, H, W, channels).

        Where `worlds` is given, only theirs are sure to be of now; others may be those of an earlier call.
        """
        ...

    def camera_parameters(self) -> dict[str, dict[str, torch.Tensor]]:
        """Returns per camera intrinsic_cv (E, 3, 3), extrinsic_cv (E, 3, 4) and cam2world_gl (E, 4, 4)."""
        ...

    def segmentation_ids(self, env_id: int) -> dict[int, dict[str, str]]:
        """Returns what each segmentation id of a world means: name, class, body."""
        ...

    def faults(self) -> Faults:
        """Returns what makes the worlds' episodes not to be trusted (overflow, NaN), without waiting for the device."""
        ...

    def problems(self) -> dict[int, str]:
        """Returns the worlds whose episode cannot be trusted with the reason and the remedy."""
        ...

    def interrupted(self) -> set[int]:
        """Returns the worlds whose running episode was lost with its process; `reset` gives them a new one."""
        ...

    def close(self) -> None:
        """Frees what the engine holds."""
        ...
