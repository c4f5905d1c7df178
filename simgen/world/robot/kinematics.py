"""Forward kinematics, Jacobian and inverse kinematics of a robot's arm for many problems at once, in its base frame.

The base frame is that of the card's `body_link`: a base that drives is held, a head that is not on the way to the tool
stays as it is. The chain is read from a robot-only Newton model. One kernel launch solves all problems, each in its own
thread with its own number of iterations, so the result of a problem does not depend on the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import newton
import numpy as np
import torch
import warp as wp
from jaxtyping import Float

from simgen.errors import BadInput, SimgenError
from simgen.world import host
from simgen.world.robot.card import RobotCard
from simgen.world.robot.kinematics_kernels import (
    MAX_JOINTS,
    Chain,
    SolverOptions,
    forward_kernel,
    inverse_kernel,
    jacobian_kernel,
)
from simgen.world.robot.model import link_index, robot_builder, root_dofs

POSITION_TOLERANCE = 2e-5
ROTATION_TOLERANCE = 2e-4


@dataclass(frozen=True, eq=False)
class InverseResult:
    """Solutions of inverse kinematics.

    Args:
        qpos: Within the joint limits; the gripper's joints are those of the start [rad or m]. Shape: (N, dof).
        position_error: Distance left to the target [m]. Shape: (N,).
        rotation_error: Angle left to the target [rad]. Shape: (N,).
    """

    qpos: torch.Tensor
    position_error: torch.Tensor
    rotation_error: torch.Tensor

    def reached(self, position: float = 1e-3, rotation: float = 0.01) -> torch.Tensor:
        """Returns which targets are reached within tolerances [m, rad]. Shape: (N,), bool."""
        return (self.position_error < position) & (self.rotation_error < rotation)


class Kinematics:
    """Kinematics of one robot for batches of up to `num_problems`.

    Poses are those of the card's tool frame in the robot's base frame; quaternions are wxyz. Working memory is
    allocated once; the tensors returned are fresh.

    Args:
        card: The robot.
        num_problems: Largest batch.
        device: "cpu" or a CUDA device.
    """

    def __init__(self, card: RobotCard, num_problems: int, device: str | torch.device = "cpu") -> None:
        self.card = card
        self.num_problems = num_problems
        self.device = torch.device(device)
        self._warp_device = wp.get_device(str(self.device))
        model = robot_builder(card, wp.transform(), collisions=False).finalize(device="cpu")
        first = root_dofs(card)
        self.lower, self.upper = (
            torch.from_numpy(_numpy(limit)[first : first + card.dof].copy()).to(self.device)
            for limit in (model.joint_limit_lower, model.joint_limit_upper)
        )
        if card.tcp_link is None:
            return
        self._chain = _chain(model, card, card.tcp_link, self._warp_device)
        self._options = SolverOptions()
        self._options.rotation_weight = card.rotation_weight
        self._options.position_tolerance = POSITION_TOLERANCE
        self._options.rotation_tolerance = ROTATION_TOLERANCE
        self._options.max_step = 0.5
        self._allocate()
        self._record()

    def forward(self, qpos: Float[torch.Tensor, "N dof"]) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the tool's position (N, 3) [m] and quaternion wxyz (N, 4) at joint positions [rad or m]."""
        count = self._load(qpos)
        self._forward.set_dim(count)
        self._forward.launch()
        return self._position[:count].clone(), self._quaternion[:count].clone()

    def jacobian(self, qpos: Float[torch.Tensor, "N dof"]) -> Float[torch.Tensor, "N 6 dof"]:
        """Returns how joint velocities move the tool: linear velocity of its origin, then angular velocity."""
        count = self._load(qpos)
        self._jacobian.set_dim(count)
        self._jacobian.launch()
        return self._columns[:count].clone()

    def inverse(
        self,
        position: Float[torch.Tensor, "N 3"],
        quaternion: Float[torch.Tensor, "N 4"],
        start: Float[torch.Tensor, "N dof"],
        iterations: int = 50,
        attempts: int = 32,
    ) -> InverseResult:
        """Finds joint positions that bring the tool to a pose, near the start where there is a choice.

        Each attempt is a Levenberg-Marquardt descent (damped least squares, clamped to the joint limits). The first
        begins at the start; if it fails, others begin at fixed random offsets from it.

        Args:
            position: Of the tool in the base frame [m].
            quaternion: Of the tool in the base frame, wxyz.
            start: Joint positions to begin from [rad or m].
            iterations: At most this many per attempt.
            attempts: At most this many; 1 for control, where a jump to another configuration would be worse than
                a small error.

        Reference:
            Buss, "Introduction to Inverse Kinematics with Jacobian Transpose, Pseudoinverse and Damped Least
            Squares methods", 2004.
        """
        count = self._load(start)
        self._position[:count] = position
        self._quaternion[:count] = quaternion
        if (iterations, attempts) != self._effort:
            self._effort = (iterations, attempts)
            self._iterations.copy_(host.constant(self._effort, like=self._iterations))
        self._inverse.set_dim(count)
        self._inverse.launch()
        return InverseResult(
            self._qpos[:count].clone(), self._position_error[:count].clone(), self._rotation_error[:count].clone()
        )

    def _load(self, values: torch.Tensor) -> int:
        """Writes joint positions into the working memory."""
        if self.card.tcp_link is None:
            raise BadInput(f"the robot {self.card.name} has no tool centre point, so it has no arm kinematics.")
        count = values.shape[0]
        if count > self.num_problems:
            raise SimgenError(f"kinematics was made for {self.num_problems} problems at once, not {count}")
        self._qpos[:count] = values
        return count

    def _allocate(self) -> None:
        count = self.num_problems

        def buffer(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
            return torch.zeros(shape, dtype=dtype, device=self.device)

        self._qpos, self._columns = buffer(count, self.card.dof), buffer(count, 6, self.card.dof)
        self._position, self._quaternion = buffer(count, 3), buffer(count, 4)
        self._position_error, self._rotation_error = buffer(count), buffer(count)
        self._iterations = buffer(2, dtype=torch.int32)
        self._effort = (0, 0)

    def _record(self) -> None:
        """Packs the launches once; after that a call costs a few microseconds of Python."""
        qpos, columns, iterations = (wp.from_torch(t) for t in (self._qpos, self._columns, self._iterations))
        position = wp.from_torch(self._position, dtype=wp.vec3)
        quaternion = wp.from_torch(self._quaternion, dtype=wp.vec4)
        errors = [wp.from_torch(self._position_error), wp.from_torch(self._rotation_error)]
        self._views = (qpos, columns, iterations, position, quaternion, *errors)

        def launch(kernel: Any, inputs: list) -> Any:
            return wp.launch(kernel, self.num_problems, inputs, device=self._warp_device, record_cmd=True)

        self._forward = launch(forward_kernel, [self._chain, qpos, position, quaternion])
        self._jacobian = launch(jacobian_kernel, [self._chain, qpos, columns])
        self._inverse = launch(
            inverse_kernel, [self._chain, self._options, position, quaternion, iterations, qpos, *errors]
        )


def _chain(model: newton.Model, card: RobotCard, tcp_link: str, device: wp.Device) -> Any:
    """Reads the arm's joints from the model and folds fixed joints into the offsets."""
    joints = _joints_between(model, link_index(model, card.body_link), link_index(model, tcp_link))
    kinds, starts = _numpy(model.joint_type), _numpy(model.joint_qd_start)
    parents, children = _numpy(model.joint_X_p), _numpy(model.joint_X_c)
    axes, lower, upper = _numpy(model.joint_axis), _numpy(model.joint_limit_lower), _numpy(model.joint_limit_upper)
    offsets, dofs, prismatic = [], [], []
    pending: Any = wp.transform()
    for joint in joints:
        pending = pending * wp.transform(*parents[joint])
        if kinds[joint] != int(newton.JointType.FIXED):
            offsets.append(pending)
            dofs.append(int(starts[joint]))
            prismatic.append(int(kinds[joint] == int(newton.JointType.PRISMATIC)))
            pending = wp.transform()
        child: Any = wp.transform(*children[joint])
        pending = pending * wp.transform_inverse(child)
    columns = [dof - root_dofs(card) for dof in dofs]
    if not set(columns) <= set(range(card.arm.start, card.arm.stop)) or len(columns) > MAX_JOINTS:
        raise SimgenError(
            f"card {card.name!r}: the joints up to {tcp_link!r} are not {MAX_JOINTS} of the arm's at most"
        )
    w, x, y, z = card.tcp_quaternion
    tool = wp.transform(wp.vec3(*card.tcp_xyz), wp.quat(x, y, z, w))
    chain: Any = Chain()
    chain.num_joints = len(columns)
    chain.offset = wp.array(offsets, dtype=wp.transform, device=device)
    chain.axis = wp.array(axes[dofs], dtype=wp.vec3, device=device)
    chain.prismatic = wp.array(prismatic, dtype=wp.int32, device=device)
    chain.column = wp.array(columns, dtype=wp.int32, device=device)
    chain.lower = wp.array(lower[dofs], dtype=wp.float32, device=device)
    chain.upper = wp.array(upper[dofs], dtype=wp.float32, device=device)
    chain.tip = pending * tool
    return chain


def _numpy(array: Any) -> np.ndarray:
    return array.numpy()


def _joints_between(model: newton.Model, first: int, body: int) -> list[int]:
    """The joints from one body to another that it carries, in that order; the first body's own is left out."""
    child, parent = _numpy(model.joint_child), _numpy(model.joint_parent)
    joint_of = {int(child[joint]): joint for joint in range(len(child))}
    joints = []
    while body != first and body in joint_of:
        joints.append(joint_of[body])
        body = int(parent[joint_of[body]])
    return joints[::-1]
