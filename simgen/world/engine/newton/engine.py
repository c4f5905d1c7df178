"""The Newton engine: SolverMuJoCo on Warp, our renderer, the same code on CPU and CUDA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import torch
import warp as wp

from simgen.errors import BadInput, SimgenError
from simgen.world import host
from simgen.world.engine.base import Backend, Faults, WorldState
from simgen.world.engine.bookkeeping import SceneBook, segmentation_ids
from simgen.world.engine.newton.compile import compile_ahead
from simgen.world.engine.newton.contacts import ContactForces
from simgen.world.engine.newton.drawing import Drawing
from simgen.world.engine.newton.model import build_world_model
from simgen.world.engine.newton.physics import Physics
from simgen.world.kernels import required
from simgen.world.robot.card import load_card
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout


class NewtonEngine:
    """N worlds of one layout; see `simgen.world.engine.base.Engine`.

    Args:
        layout: What the worlds share.
        num_envs: N.
        substeps: Solver steps per control step.
        control_dt: Length of a control step [s].
        device: "cpu" or "cuda:0".
        backend: Renderer: "auto", "raster" or "trace".
    """

    name = "newton"
    _held = ("_world", "_physics", "_drawing", "_contacts")  # what `close` lets go

    def __init__(
        self,
        layout: Layout,
        num_envs: int,
        substeps: int,
        control_dt: float,
        device: str = "cpu",
        backend: Backend = "auto",
    ) -> None:
        self.layout, self.num_envs, self.device = layout, num_envs, torch.device(device)
        compile_ahead(device)
        card = load_card(layout.robot)
        self._world = build_world_model(layout, card, num_envs, device)
        self._physics = Physics(self._world, layout, card, substeps, control_dt)
        self._drawing = Drawing(self._world, layout, card, backend)
        self.link_names, self.joint_names = self._world.link_names, card.joint_names
        rows = {name: row for row, name in enumerate(self.link_names)}
        rows |= {slot.name: row for slot, row in zip(layout.bodies, self._world.slot_body, strict=True) if row >= 0}
        self._rows = rows
        self._contacts = ContactForces(self._physics, rows)
        self._joint_coords = host.indices([self._world.slot_coord[slot] for slot in layout.joints], self.device)
        self._joint_dofs = host.indices([self._world.slot_dof[slot] for slot in layout.joints], self.device)
        self._book = SceneBook(layout, num_envs, self.device)

    def reset(self, env_ids: torch.Tensor, scenes: Sequence[Scene]) -> None:
        """Gives each world in `env_ids` (K,) the scene of its next episode."""
        ids = [int(env) for env in env_ids]
        self._require_no_restitution(scenes)
        self._book.write(ids, scenes)
        self._physics.reset(ids, scenes)
        self._drawing.reset(ids, scenes)
        self._contacts.forget(env_ids)

    def _require_no_restitution(self, scenes: Sequence[Scene]) -> None:
        for scene in scenes:
            for slot, body in zip(self.layout.bodies, scene.bodies, strict=True):
                if body.restitution > 0.0:
                    raise BadInput(
                        f"scene.objects.{slot.name}.restitution: the newton engine cannot bounce objects by a "
                        f"coefficient (its contacts are damped springs), and this is {body.restitution:g}. Allowed: 0."
                    )

    def set_targets(
        self, position: torch.Tensor, velocity: torch.Tensor | None = None, effort: torch.Tensor | None = None
    ) -> None:
        """Tells the drives of the joints what to do from now on. Shapes: (E, D)."""
        self._physics.set_targets(position, velocity, effort)

    def move_body(self, name: str, position: torch.Tensor, quaternion: torch.Tensor) -> None:
        """Puts a fixed body elsewhere. Shapes: (E, 3) [m], (E, 4) wxyz."""
        slot = self.layout.slot(name)
        start, pose = self._world.slot_coord[slot], torch.cat([position, torch.roll(quaternion, -1, -1)], -1)
        self._physics.joint_q[:, start : start + 7] = pose
        self._physics.body_q[:, self._world.slot_body[slot]] = pose

    def apply_wrench(self, body: str, wrench: torch.Tensor) -> None:
        """Pushes a body during the next step: force [N], torque [N m], world frame. Shape: (E, 6)."""
        self._physics.body_f[:, self._rows[body]] = wrench

    def step(self) -> None:
        """Advances all worlds by one control step."""
        self._physics.step()
        self._contacts.outdated()

    def state(self) -> WorldState:
        """Returns the state now; copies, in our conventions."""
        physics, world = self._physics, self._world
        links = len(self.link_names)
        pose = self._book.pose.clone()
        velocity = torch.zeros(self.num_envs, len(self.layout.bodies), 6, device=self.device)
        for index, row in enumerate(world.slot_body):
            if row >= 0:
                pose[:, index, :3] = physics.body_q[:, row, :3]
                pose[:, index, 3:] = _wxyz(physics.body_q[:, row, 3:])
                velocity[:, index] = physics.body_qd[:, row]
        return WorldState(
            qpos=physics.joint_q[:, physics.robot_coords].clone(),
            qvel=physics.joint_qd[:, physics.robot_dofs].clone(),
            link_position=physics.body_q[:, :links, :3].clone(),
            link_quaternion=_wxyz(physics.body_q[:, :links, 3:]),
            body_position=pose[..., :3],
            body_quaternion=pose[..., 3:],
            body_linear_velocity=velocity[..., :3],
            body_angular_velocity=velocity[..., 3:],
            joint_position=physics.joint_q[:, self._joint_coords],
            joint_velocity=physics.joint_qd[:, self._joint_dofs],
            root_velocity=physics.body_qd[:, 0].clone(),
        )

    def set_state(self, env_ids: torch.Tensor, state: WorldState) -> None:
        """Puts worlds into a recorded state; rows of `state` are one per env id."""
        physics = self._physics
        physics.joint_q[env_ids, physics.robot_coords] = state.qpos
        physics.joint_qd[env_ids, physics.robot_dofs] = state.qvel
        physics.rest_drives(env_ids, state.qpos)
        if physics.card.is_floating:
            root = torch.cat([state.link_position[:, 0], torch.roll(state.link_quaternion[:, 0], -1, -1)], -1)
            physics.joint_q[env_ids, :7], physics.joint_qd[env_ids, :6] = root, state.root_velocity
        for index, start in enumerate(self._world.slot_coord):
            pose = torch.cat([state.body_position[:, index], state.body_quaternion[:, index]], -1)
            self._book.pose[env_ids, index] = pose
            if start < 0 or self.layout.bodies[index].joint is not None:
                continue
            physics.joint_q[env_ids, start : start + 3] = pose[:, :3]
            physics.joint_q[env_ids, start + 3 : start + 7] = torch.roll(pose[:, 3:], -1, -1)
            dof = self._world.slot_dof[index]
            physics.joint_qd[env_ids, dof : dof + 3] = state.body_linear_velocity[:, index]
            physics.joint_qd[env_ids, dof + 3 : dof + 6] = state.body_angular_velocity[:, index]
        physics.joint_q[env_ids[:, None], self._joint_coords] = state.joint_position
        physics.joint_qd[env_ids[:, None], self._joint_dofs] = state.joint_velocity
        physics.refresh(env_ids)
        self._contacts.forget(env_ids)

    def contacts(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] that `b` exerts on `a`; "table" is everything static. Shape: (E, 3)."""
        return self._contacts.between(a, b)

    def body_bounds(self, slot: int) -> torch.Tensor:
        """Returns the corners of a body's box in its own frame, at its scale [m]. Shape: (E, 2, 3)."""
        return self._book.bounds[:, slot]

    def body_outline(self, slot: int) -> torch.Tensor:
        """Returns points of a body's surface that reach as far as it does, in its own frame [m]. Shape: (E, K, 3)."""
        return self._book.outline[:, slot]

    def render(self, worlds: Sequence[int] | None = None) -> dict[str, dict[str, torch.Tensor]]:
        """Returns the images of all cameras, new at least for `worlds`; the next call overwrites them."""
        return self._drawing.render(required(self._physics.state.body_q), worlds)

    def camera_parameters(self) -> dict[str, dict[str, torch.Tensor]]:
        """Returns intrinsic_cv (E, 3, 3), extrinsic_cv (E, 3, 4) and cam2world_gl (E, 4, 4) of the last rendering."""
        return {
            name: {
                "intrinsic_cv": camera.intrinsic_cv(),
                "extrinsic_cv": camera.extrinsic_cv(),
                "cam2world_gl": camera.cam2world_gl(),
            }
            for name, camera in self._drawing.cameras.items()
        }

    def scene(self, env_id: int) -> Scene:
        """Returns the scene that a world was given last."""
        return self._book.scene(env_id)

    def segmentation_ids(self, env_id: int) -> dict[int, dict[str, str]]:
        """Returns what each segmentation id of a world means."""
        candidates = [body.candidate for body in self.scene(env_id).bodies]
        return segmentation_ids(self.layout, self.link_names, candidates)

    def faults(self) -> Faults:
        """Returns what makes the worlds' last step not to be trusted."""
        return self._physics.faults()

    def problems(self) -> dict[int, str]:
        """Returns the worlds whose last step cannot be trusted, with the reason and the remedy."""
        return self.faults().told()

    def interrupted(self) -> set[int]:
        """Returns the worlds whose running episode was lost; none, as all worlds are in this process."""
        return set()

    def close(self) -> None:
        """Waits for the device and lets go of model, solver, graph and pictures; the engine cannot be used any more."""
        if "_world" not in self.__dict__:
            return
        wp.synchronize_device(self._world.model.device)
        self._drawing.close()
        for name in self._held:
            delattr(self, name)

    def __getattr__(self, name: str) -> NoReturn:
        """Is called for what is not there: what `close` let go, and names that never were."""
        if name in self._held:
            raise SimgenError("the engine is closed; make a new environment.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _wxyz(xyzw: torch.Tensor) -> torch.Tensor:
    return torch.roll(xyzw, 1, -1)
