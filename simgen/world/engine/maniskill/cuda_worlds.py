"""N worlds as one batch in this process, for a CUDA device."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.errors import BadInput
from simgen.world.engine.base import WorldState
from simgen.world.engine.maniskill.batch import Batch
from simgen.world.engine.maniskill.config import BatchConfig
from simgen.world.engine.maniskill.worlds import Images
from simgen.world.scene.scene import Scene


class BatchWorlds:
    """One batch of N worlds; see `Worlds`.

    A reset that changes poses only is cheap. One that changes what is built (masses, colours, shapes) builds all
    worlds anew and puts the others back into their states: without the solver's memory of their contacts.

    Args:
        config: What the worlds share.
        num_worlds: N.
        device: "cuda:0"; "cpu" with one world.
    """

    def __init__(self, config: BatchConfig, num_worlds: int, device: str) -> None:
        self._batch, self._device = Batch(config, device), torch.device(device)
        self._scenes: list[Scene] = []
        self.targets = torch.zeros(num_worlds, 3, config.num_joints, device=self._device)
        self.wrenches = torch.zeros(num_worlds, len(config.row_names), 6, device=self._device)
        self._fresh = torch.ones(num_worlds, dtype=torch.bool, device=self._device)

    def reset(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Gives worlds new scenes; the first call must be for all worlds."""
        everything = list(self._scenes) or list(scenes)
        kept = [env for env in range(len(everything)) if env not in set(env_ids)]
        alike = bool(self._scenes) and all(
            same_build(everything[env], scene) for env, scene in zip(env_ids, scenes, strict=True)
        )
        for env, scene in zip(env_ids, scenes, strict=True):
            everything[env] = scene
        self._scenes = everything
        if alike:
            self._batch.restart(env_ids, scenes)
        else:
            self._rebuild(kept)
        self._fresh[list(env_ids)] = True

    def _rebuild(self, kept: list[int]) -> None:
        state = self._batch.state() if kept else None
        self._batch.build(self._scenes)
        if state is not None:
            self._batch.set_state(kept, WorldState(**{name: rows[kept] for name, rows in vars(state).items()}))

    def move_body(self, slot: int, pose: torch.Tensor) -> None:
        """Is not there.

        Raises:
            BadInput: Always.
        """
        raise BadInput(f"body {slot}: cannot be moved by hand on {self._device}; use device cpu or --engine newton.")

    def step(self) -> None:
        """Advances all worlds by one control step."""
        self._batch.set_targets(self.targets)
        for row in self.wrenches.any(-1).any(0).nonzero().flatten().tolist():
            self._batch.apply_wrench(self._batch.row_names[row], self.wrenches[:, row])
        self._batch.step()
        self._fresh.zero_()

    def state(self) -> WorldState:
        """Returns the state."""
        return self._batch.state()

    def set_state(self, env_ids: Sequence[int], state: WorldState) -> None:
        """Puts worlds into a state; one row per env id."""
        self._batch.set_state(env_ids, state)
        self._fresh[list(env_ids)] = True

    def contacts(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] on `a` from `b`. Shape: (N, 3)."""
        return self._batch.contacts(a, b).masked_fill(self._fresh[:, None], 0.0)

    def render(self, worlds: Sequence[int] | None) -> Images:
        """Draws all worlds."""
        return self._batch.render()

    def cam2world_gl(self) -> dict[str, torch.Tensor]:
        """Returns the cameras' poses. Shape of each: (N, 4, 4)."""
        return self._batch.cam2world_gl()

    def lost(self) -> set[int]:
        """Returns the worlds that are lost: none, as there is no process that could die."""
        return set()

    def close(self) -> None:
        """Frees the worlds."""
        self._batch.close()


def same_build(first: Scene, second: Scene) -> bool:
    """Whether two scenes differ in initial poses and in where their cameras look only."""
    return _fingerprint(first) == _fingerprint(second)


def _fingerprint(scene: Scene) -> tuple:
    bodies = tuple(
        (b.candidate, tuple(b.scale), b.mass, b.density, b.friction, b.restitution, tuple(b.color), b.texture)
        + tuple(b.center_offset)
        for b in scene.bodies
    )
    robot, light = scene.robot, scene.light
    return (
        bodies,
        (robot.stiffness_scale, robot.damping_scale, robot.armature_scale, robot.friction_scale),
        robot.force_scale,
        (tuple(light.direction), light.intensity, tuple(light.color), light.ambient, tuple(light.background)),
        (scene.gravity, scene.table_friction),
        (tuple(scene.table_color), scene.table_texture, tuple(scene.ground_color), scene.ground_texture),
    )
