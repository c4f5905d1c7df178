"""Steps and resets the worlds of one Newton model: SolverMuJoCo behind a captured graph, torch views in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import newton
import torch
import warp as wp

from simgen.world.engine.newton.compile import compiled_beside
from simgen.world.engine.newton.friction import MeanFriction
from simgen.world.engine.newton.model import WorldModel
from simgen.world.engine.newton.overflow import Overflow
from simgen.world.engine.newton.parameters import Parameters
from simgen.world.kernels import alone, as_torch, required
from simgen.world.robot.card import RobotCard
from simgen.world.robot.model import root_coords, root_dofs
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout


class Physics:
    """N worlds and their clock.

    Args:
        world: The built model.
        layout: What the worlds share.
        card: The robot.
        substeps: Solver steps per control step.
        control_dt: Length of a control step [s].
    """

    @alone
    def __init__(self, world: WorldModel, layout: Layout, card: RobotCard, substeps: int, control_dt: float) -> None:
        self.world, self.layout, self.card = world, layout, card
        self._substeps, self._dt = substeps, control_dt / substeps
        model, worlds = world.model, world.num_worlds
        self._pipeline = newton.CollisionPipeline(
            model,
            broad_phase="explicit",
            rigid_contact_max=world.contact_capacity * worlds,
            include_static_kinematic_pairs=False,
            verify_buffers=False,
            max_triangle_pairs=1,
        )
        self.contacts = self._pipeline.contacts()
        self._friction = MeanFriction(model, self.contacts)
        self.state, self._next_state, self._control = model.state(), model.state(), model.control()
        with compiled_beside(lambda: self._pipeline.collide(self.state, self.contacts)):
            self._solver = self._make_solver()
        self._solver.mjw_model.opt.warn_overflow = 0  # it would print to stdout; `overflowing` tells it better
        kinds = self._solver.ObservableKind
        self._observables = self._solver.observables({kinds.OVERFLOW, kinds.CONTACT_F}, contacts=self.contacts)
        self._overflow_only = self._solver.observables({kinds.OVERFLOW})
        self.contact_force = self._observables.contact_f
        self._overflow = Overflow(model, worlds, self.contacts, world.contact_capacity, world.most_contacts)
        self.parameters = Parameters(world, layout, card)
        self.joint_q = as_torch(self.state.joint_q).view(worlds, -1)
        self.joint_qd = as_torch(self.state.joint_qd).view(worlds, -1)
        self.robot_coords = slice(root_coords(card), root_coords(card) + card.dof)
        self.robot_dofs = slice(root_dofs(card), root_dofs(card) + card.dof)
        self.targets = as_torch(self._control.joint_target_q).view(worlds, -1)[:, self.robot_coords]
        self.target_velocities = as_torch(self._control.joint_target_qd).view(worlds, -1)[:, self.robot_dofs]
        self.efforts = as_torch(self._control.joint_f).view(worlds, -1)[:, self.robot_dofs]
        self._most_effort = torch.tensor([drive.force_limit for drive in card.drives], device=self.targets.device)
        self.body_q = as_torch(self.state.body_q).view(worlds, -1, 7)
        self.body_qd = as_torch(self.state.body_qd).view(worlds, -1, 6)
        self.body_f = as_torch(self.state.body_f).view(worlds, -1, 6)
        self._mask = torch.zeros(worlds + 1, dtype=torch.bool, device=self.joint_q.device)
        self._graph: wp.Graph | None = None
        newton.eval_fk(model, required(model.joint_q), required(model.joint_qd), self.state)

    def _make_solver(self) -> newton.solvers.SolverMuJoCo:
        return newton.solvers.SolverMuJoCo(
            self.world.model,
            nconmax=self.world.contact_capacity,
            njmax=self.world.constraint_capacity,
            iterations=10,
            ls_iterations=20,
            integrator="discrete",
            cone="pyramidal",
            impratio=self.layout.impratio,
            use_mujoco_contacts=False,
            kinematic_switchable_roots=False,
        )

    def _advance(self, substeps: int) -> None:
        self._overflow.begin()
        state, following = self.state, self._next_state
        for substep in range(substeps):
            if state is not self.state:
                wp.copy(required(state.body_f), required(self.state.body_f))
            self._pipeline.collide(state, self.contacts)
            self._overflow.limit_contacts()
            self._friction.write()
            last = substep == substeps - 1  # forces are asked for after the control step only
            told = self._observables if last else self._overflow_only
            self._solver.step(state, following, self._control, self.contacts, self._dt, observables=told)
            self._overflow.add(required(told.overflow))
            state, following = following, state
        if state is not self.state:  # an odd number of substeps: the result must stand where the views look
            for name in ("joint_q", "joint_qd", "body_q", "body_qd"):
                wp.copy(getattr(self.state, name), getattr(state, name))

    def set_targets(
        self, position: torch.Tensor, velocity: torch.Tensor | None = None, effort: torch.Tensor | None = None
    ) -> None:
        """Tells the drives of the joints what to do from now on. Shapes: (E, D)."""
        self.targets[:] = position
        self.target_velocities[:] = 0.0 if velocity is None else velocity
        if effort is None:
            self.efforts.zero_()
        else:
            most = self._most_effort
            self.efforts[:] = effort.clamp(-most, most) * self.parameters.motor_strength

    @alone
    def step(self) -> None:
        """Advances all worlds by one control step; the first call compiles and captures the graph."""
        with wp.ScopedDevice(self.world.model.device):
            wp.capture_launch(self._graph or self._capture())
        self.body_f.zero_()

    def _capture(self) -> wp.Graph:
        names = ("joint_q", "joint_qd", "body_q", "body_qd")
        kept = [wp.clone(getattr(self.state, name)) for name in names]
        self._advance(min(self._substeps, 2))  # compiles, allocates: the last substep differs from those before
        with wp.ScopedCapture() as capture:
            self._advance(self._substeps)
        for name, array in zip(names, kept, strict=True):
            wp.copy(getattr(self.state, name), array)
        self._solver.reset(self.state, flags=0)
        assert capture.graph is not None
        self._graph = capture.graph
        return capture.graph

    @alone
    def reset(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Puts worlds into the initial state of their scenes, parameters included. Other worlds are not touched."""
        if self._graph is None:
            with wp.ScopedDevice(self.world.model.device):
                self._capture()
        flags = self.parameters.write(env_ids, scenes)
        if flags:
            self._solver.notify_model_changed(flags)
        ids = torch.as_tensor(list(env_ids), device=self.joint_q.device)
        qpos = torch.tensor([list(scene.robot.qpos) for scene in scenes], dtype=torch.float32).to(self.joint_q.device)
        self.joint_q[ids, self.robot_coords] = qpos
        if self.card.is_floating:
            pose = self.layout.robot_pose
            root = torch.tensor([*pose[:3], *_xyzw(pose[3:])], dtype=torch.float32)
            self.joint_q[ids, :7] = root.to(self.joint_q.device)
        self.rest_drives(ids, qpos)
        for slot, start in enumerate(self.world.slot_coord):
            if self.layout.bodies[slot].joint is not None:
                travel = [scene.bodies[slot].hanging.start for scene in scenes]  # pyright: ignore[reportOptionalMemberAccess]
                self.joint_q[ids, start] = torch.tensor(travel, dtype=torch.float32).to(self.joint_q.device)
            elif start >= 0:
                pose = [[*s.bodies[slot].position, *_xyzw(s.bodies[slot].quaternion)] for s in scenes]
                self.joint_q[ids, start : start + 7] = torch.tensor(pose, dtype=torch.float32).to(self.joint_q.device)
        self.joint_qd[ids] = 0.0
        self.refresh(ids)

    def rest_drives(self, ids: torch.Tensor, qpos: torch.Tensor) -> None:
        """Tells the drives of some worlds to stay where they are. Shape of qpos: (K, D)."""
        self.targets[ids] = qpos
        self.target_velocities[ids] = 0.0
        self.efforts[ids] = 0.0

    def overflowing(self) -> dict[int, str]:
        """Returns the worlds in which the last control step lost contacts or constraints, and what to raise."""
        return {world: self._advice(int(bits)) for world, bits in enumerate(self._overflow.bits.numpy()) if bits}

    def _advice(self, bits: int) -> str:
        kinds = self._solver.OverflowBits
        if bits & (kinds.CONTACT_PIPELINE | kinds.SOLVER_NCONMAX):
            room = f"raise physics.contacts_per_world (now {self.world.contact_capacity})"
            return f"more contacts than there is room for; {room}"
        room = f"raise physics.constraints_per_world (now {self.world.constraint_capacity})"
        return f"more constraint rows than there is room for; {room}"

    @alone
    def refresh(self, ids: torch.Tensor) -> None:
        """Clears the solver's memory of some worlds and updates their bodies; for after writing the joints."""
        self._mask.zero_()
        self._mask[ids] = True
        mask = wp.from_torch(self._mask, dtype=wp.bool)
        self._solver.reset(self.state, world_mask=mask, flags=0)
        per_world = self.world.model.articulation_count // self.world.num_worlds
        articulations = self._mask[:-1].repeat_interleave(per_world)
        newton.eval_fk(
            self.world.model,
            required(self.state.joint_q),
            required(self.state.joint_qd),
            self.state,
            mask=wp.from_torch(articulations, dtype=wp.bool),
        )


def _xyzw(quaternion: Iterable[float]) -> list[float]:
    w, x, y, z = (float(value) for value in quaternion)
    return [x, y, z, w]
