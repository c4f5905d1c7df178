"""Steps and resets the worlds of one Newton model: SolverMuJoCo behind a captured graph, torch views in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import newton
import numpy as np
import torch
import warp as wp

from simgen.world import host
from simgen.world.engine.base import Faults
from simgen.world.engine.newton.buffers import Buffers
from simgen.world.engine.newton.capacity import Room, usual_room
from simgen.world.engine.newton.compile import compiled_beside
from simgen.world.engine.newton.model import WorldModel
from simgen.world.engine.newton.parameters import Parameters
from simgen.world.kernels import alone, as_torch, required
from simgen.world.robot.card import RobotCard
from simgen.world.robot.model import root_coords, root_dofs
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout

NOT_FINITE = 1 << 30  # beside the bits of what overflowed


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
        self._device = torch.device(str(model.device))
        # On a CPU the solver's time grows with the room, used or not. A GPU's hardly does, and to look at the flags
        # after every step would hold it up.
        self._buffers = Buffers(world, world.room if host.waits_for(self._device) else usual_room(world.room))
        self.state, self._next_state, self._control = model.state(), model.state(), model.control()
        with compiled_beside(lambda: self._buffers.collide(self.state)):
            self._solver = self._make_solver()
        self._use_buffers()
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
        newton.eval_fk(model, required(model.joint_q), required(model.joint_qd), self.state)

    def _make_solver(self) -> newton.solvers.SolverMuJoCo:
        solver = newton.solvers.SolverMuJoCo(
            self.world.model,
            nconmax=self.world.room.contacts,
            njmax=self.world.room.rows,
            iterations=10,
            ls_iterations=20,
            integrator="discrete",
            cone="pyramidal",
            impratio=self.layout.impratio,
            use_mujoco_contacts=False,
            kinematic_switchable_roots=False,
        )
        solver.mjw_model.opt.warn_overflow = 0  # it would print to stdout; `faults` tells it better
        # Every drive moves one joint, so what drives add to the inertia is all in the matrix that is factorised, and
        # one solution with the factors is exact: no need to iterate on it.
        solver.mjw_model.has_efm_actuator = False
        return solver

    def _use_buffers(self) -> None:
        self._buffers.give_to(self._solver)
        data = self._solver.mjw_data
        self._solver_memory = (as_torch(data.qacc_warmstart), as_torch(data.time))
        kinds = self._solver.ObservableKind
        self._observables = self._solver.observables({kinds.OVERFLOW, kinds.CONTACT_F}, contacts=self.contacts)
        self._overflow_only = self._solver.observables({kinds.OVERFLOW})
        self._overflow_bits = as_torch(self._buffers.overflow.bits)
        self._graph: wp.Graph | None = None
        self._announcements: dict[int, wp.Graph | None] = {}  # by flags

    @property
    def contacts(self) -> newton.Contacts:
        """The contacts of the last substep, of all worlds."""
        return self._buffers.contacts

    @property
    def contact_force(self) -> wp.array:
        """The force of each of the contacts [N]."""
        return required(self._observables.contact_f)

    def _advance(self, substeps: int) -> None:
        overflow = self._buffers.overflow
        overflow.begin()
        state, following = self.state, self._next_state
        for substep in range(substeps):
            if state is not self.state:
                wp.copy(required(state.body_f), required(self.state.body_f))
            self._buffers.collide(state)
            last = substep == substeps - 1  # forces are asked for after the control step only
            told = self._observables if last else self._overflow_only
            self._solver.step(state, following, self._control, self.contacts, self._dt, observables=told)
            overflow.add(required(told.overflow))
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
            before = self._memory() if self._buffers.room != self.world.room else []
            wp.capture_launch(self._graph or self._capture())
            while (room := self._room_needed()) != self._buffers.room:
                self._buffers = Buffers(self.world, room)
                self._use_buffers()
                graph = self._capture()
                self._remember(before)
                wp.capture_launch(graph)
        self.body_f.zero_()

    def _room_needed(self) -> Room:
        """Returns more room than there is if the step has lost something for want of it, up to the limit."""
        room, limit = self._buffers.room, self.world.room
        if room == limit:
            return room
        bits = int(np.bitwise_or.reduce(self._buffers.overflow.bits.numpy()))
        if not bits:
            return room
        more = (room.more_contacts() if self._lacks_contacts(bits) else room.more_rows()).within(limit)
        return limit if more == room else more

    def _lacks_contacts(self, bits: int) -> bool:
        """Says whether it was contacts that lacked room, and not their rows."""
        kinds = self._solver.OverflowBits
        return bool(bits & (kinds.CONTACT_PIPELINE | kinds.SOLVER_NCONMAX))

    def _memory(self) -> list[torch.Tensor]:
        """Copies what a step begins from."""
        return [tensor.clone() for tensor in self._remembered()]

    def _remember(self, memory: Sequence[torch.Tensor]) -> None:
        for tensor, kept in zip(self._remembered(), memory, strict=True):
            tensor.copy_(kept)

    def _remembered(self) -> tuple[torch.Tensor, ...]:
        return (self.joint_q, self.joint_qd, self.body_q, self.body_qd, *self._solver_memory)

    def _capture(self) -> wp.Graph:
        kept = self._memory()
        self._advance(min(self._substeps, 2))  # compiles, allocates: the last substep differs from those before
        with wp.ScopedCapture() as capture:
            self._advance(self._substeps)
        self._remember(kept)
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
            self._announce(flags)
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

    def _announce(self, flags: int) -> None:
        """Tells the solver which kinds of parameters were written.

        What it derives from them takes hundreds of small launches, so they are captured when the same kinds come again,
        except on a GPU that cannot allocate during capture.
        """
        device = self.world.model.device
        if flags not in self._announcements or (device.is_cuda and not device.is_mempool_enabled):
            self._solver.notify_model_changed(flags)  # compiles
            self._announcements[flags] = None
            return
        with wp.ScopedDevice(device):
            graph = self._announcements[flags]
            if graph is None:
                with wp.ScopedCapture() as capture:
                    self._solver.notify_model_changed(flags)
                graph = self._announcements[flags] = capture.graph
            assert graph is not None
            wp.capture_launch(graph)

    def rest_drives(self, ids: torch.Tensor, qpos: torch.Tensor) -> None:
        """Tells the drives of some worlds to stay where they are. Shape of qpos: (K, D)."""
        self.targets[ids] = qpos
        self.target_velocities[ids] = 0.0
        self.efforts[ids] = 0.0

    def faults(self) -> Faults:
        """Returns where the last control step lost contacts or constraints, or the state is not finite."""
        finite = torch.isfinite(self.joint_q).all(-1) & torch.isfinite(self.joint_qd).all(-1)
        return Faults(self._overflow_bits | (~finite).int() * NOT_FINITE, self._advice)

    def _advice(self, bits: int) -> str:
        if bits & NOT_FINITE:
            return "the state is not finite (NaN); use a higher `episode.sim_hz`"
        if self._lacks_contacts(bits):
            room = f"raise physics.contacts_per_world (now {self.world.room.contacts})"
            return f"more contacts than there is room for; {room}"
        room = f"raise physics.constraints_per_world (now {self.world.room.rows})"
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
