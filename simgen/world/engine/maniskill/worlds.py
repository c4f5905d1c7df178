"""Where the engine's worlds live: on the CPU in worker processes, on a CUDA device in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from simgen.spec.camera import PIXELS, NativeOutput
from simgen.world.engine.base import WorldState
from simgen.world.engine.maniskill.config import BatchConfig, Start
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import CameraSlot
from simgen.world.workers import ArraySpec, WorkerPool

FACTORY = "simgen.world.engine.maniskill.world:make_world"
# Measured on pick_cube with pictures: what a process has that it does not share, and what a world adds.
PROCESS_BYTES, WORLD_BYTES = 250_000_000, 20_000_000
STATIC = "table"
Images = dict[str, dict[str, torch.Tensor]]


class Worlds(Protocol):
    """N worlds. Rows of all tensors: the worlds.

    Attributes:
        targets: Position, velocity and effort of the joints in the next steps. Shape: (N, 3, D).
        wrenches: Force and torque on each named row during the next step. Shape: (N, R, 6).
    """

    targets: torch.Tensor
    wrenches: torch.Tensor

    def reset(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None: ...
    def move_body(self, slot: int, pose: torch.Tensor) -> None: ...
    def step(self) -> None: ...
    def state(self) -> WorldState: ...
    def set_state(self, env_ids: Sequence[int], state: WorldState) -> None: ...
    def contacts(self, a: str, b: str) -> torch.Tensor: ...
    def render(self, worlds: Sequence[int] | None) -> Images: ...
    def cam2world_gl(self) -> dict[str, torch.Tensor]: ...
    def lost(self) -> set[int]: ...
    def close(self) -> None: ...


class PoolWorlds:
    """N batches of one world, in worker processes; see `Worlds`.

    Args:
        config: What the worlds share.
        num_worlds: N.
        processes: How many processes; None: one per core.
    """

    def __init__(self, config: BatchConfig, num_worlds: int, processes: int | None = None) -> None:
        self._config, self._index = config, {name: row for row, name in enumerate((*config.row_names, STATIC))}
        self._rendering = self._watching = False
        self._pool = WorkerPool(
            FACTORY, config, num_worlds, process_bytes=PROCESS_BYTES, world_bytes=WORLD_BYTES, processes=processes
        )
        try:
            self._rows = self._pool.allocate(_row_specs(config))
        except BaseException:
            self._pool.close()
            raise
        self.targets, self.wrenches = self._rows["targets"], self._rows["wrenches"]

    def reset(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Gives worlds new scenes; those that were lost get a fresh process."""
        self._pool.renew(env_ids)
        starts = {
            env: Start(scene, self._rendering, self._watching) for env, scene in zip(env_ids, scenes, strict=True)
        }
        self._pool.run("reset", env_ids, starts)

    def move_body(self, slot: int, pose: torch.Tensor) -> None:
        """Puts a fixed body elsewhere, which the worlds see when they next step or draw. Shape of pose: (N, 7)."""
        self._rows["body"][:, slot, :7] = pose
        self._rows["moved"][:, slot] = 1

    def step(self) -> None:
        """Advances all worlds by one control step."""
        self._pool.run("step")

    def state(self) -> WorldState:
        """Returns copies of the state."""
        layout, link = self._config.layout, self._rows["link"].clone()
        body = self._rows["body"][:, : len(layout.bodies)].clone()
        joint = self._rows["joint"][..., : len(layout.joints)].clone()
        return WorldState(
            qpos=self._rows["qpos"].clone(),
            qvel=self._rows["qvel"].clone(),
            link_position=link[..., :3],
            link_quaternion=link[..., 3:],
            body_position=body[..., :3],
            body_quaternion=body[..., 3:7],
            body_linear_velocity=body[..., 7:10],
            body_angular_velocity=body[..., 10:],
            joint_position=joint[:, 0],
            joint_velocity=joint[:, 1],
            root_velocity=self._rows["root"].clone(),
        )

    def set_state(self, env_ids: Sequence[int], state: WorldState) -> None:
        """Puts worlds into a state; one row per env id."""
        rows = {
            env: WorldState(**{name: tensor[row : row + 1].clone() for name, tensor in vars(state).items()})
            for row, env in enumerate(env_ids)
        }
        self._pool.run("set_state", env_ids, rows)

    def contacts(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] on `a` from `b`. Shape: (N, 3)."""
        if not self._watching:
            self._watching = True
            self._pool.run("contacts")
        return self._rows["forces"][:, self._index[a], self._index[b]]

    def render(self, worlds: Sequence[int] | None) -> Images:
        """Draws at least these worlds."""
        self._rendering = True
        slots = self._config.layout.cameras
        if slots:
            self._pool.run("render", worlds)
        return {slot.name: {name: self._rows[f"image/{slot.name}/{name}"] for name in slot.outputs} for slot in slots}

    def cam2world_gl(self) -> dict[str, torch.Tensor]:
        """Returns the cameras' poses at the last rendering. Shape of each: (N, 4, 4)."""
        return {slot.name: self._rows[f"camera/{slot.name}"] for slot in self._config.layout.cameras}

    def lost(self) -> set[int]:
        """Returns the worlds whose process died in their episode."""
        return set(self._pool.lost)

    def close(self) -> None:
        """Ends the processes."""
        self._pool.close()


def _row_specs(config: BatchConfig) -> dict[str, ArraySpec]:
    """What the worlds share with their owner.

    13 numbers per body: position, quaternion, both velocities; `moved` marks those whose owner has put them elsewhere.
    """
    joints, rows = config.num_joints, len(config.row_names)
    bodies = max(1, len(config.layout.bodies))
    specs = {
        "targets": ArraySpec((3, joints), "float32"),
        "wrenches": ArraySpec((rows, 6), "float32"),
        "qpos": ArraySpec((joints,), "float32"),
        "qvel": ArraySpec((joints,), "float32"),
        "root": ArraySpec((6,), "float32"),
        "link": ArraySpec((len(config.link_names), 7), "float32"),
        "body": ArraySpec((bodies, 13), "float32"),
        "moved": ArraySpec((bodies,), "uint8"),
        "joint": ArraySpec((2, max(1, len(config.layout.joints))), "float32"),
        "forces": ArraySpec((rows + 1, rows + 1, 3), "float32"),
    }
    for slot in config.layout.cameras:
        specs[f"camera/{slot.name}"] = ArraySpec((4, 4), "float32")
        specs |= {f"image/{slot.name}/{output}": _image_spec(slot, output) for output in slot.outputs}
    return specs


def _image_spec(slot: CameraSlot, output: NativeOutput) -> ArraySpec:
    channels, dtype = PIXELS[output]
    return ArraySpec((slot.height, slot.width, channels), dtype)
