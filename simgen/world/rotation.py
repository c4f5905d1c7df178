"""Quaternions (wxyz) and poses as torch tensors: the few operations that control, terms and teachers need."""

from __future__ import annotations

import torch


def multiply(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Returns the rotation that first does `b`, then `a`. Shapes: (..., 4)."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        -1,
    )


def conjugate(q: torch.Tensor) -> torch.Tensor:
    """Returns the inverse of unit quaternions. Shape: (..., 4)."""
    return q * q.new_tensor([1.0, -1.0, -1.0, -1.0])


def rotate(q: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Rotates vectors (..., 3) by unit quaternions (..., 4)."""
    w, u = q[..., :1], q[..., 1:]
    u, v = torch.broadcast_tensors(u, v)
    t = 2.0 * torch.linalg.cross(u, v)
    return v + w * t + torch.linalg.cross(u, t)


def from_rotation_vector(v: torch.Tensor) -> torch.Tensor:
    """Returns the quaternion of a rotation by |v| [rad] about v. Shape: (..., 3) -> (..., 4)."""
    angle = v.norm(dim=-1, keepdim=True)
    # sin(x/2)/x by torch.sinc stays exact at x = 0
    return torch.cat([torch.cos(angle / 2), v * 0.5 * torch.sinc(angle / (2 * torch.pi))], -1)


def to_rotation_vector(q: torch.Tensor) -> torch.Tensor:
    """Returns the shortest rotation vector [rad] of unit quaternions. Shape: (..., 4) -> (..., 3)."""
    q = torch.where(q[..., :1] < 0, -q, q)
    norm = q[..., 1:].norm(dim=-1, keepdim=True)
    angle = 2.0 * torch.atan2(norm, q[..., :1])
    return q[..., 1:] * torch.where(norm > 1e-9, angle / norm.clamp(min=1e-9), torch.full_like(norm, 2.0))


def from_euler(rpy: torch.Tensor) -> torch.Tensor:
    """Returns the quaternion of roll, pitch, yaw [rad] about the fixed x, y, z axes. Shape: (..., 3) -> (..., 4)."""
    roll, pitch, yaw = (torch.zeros_like(rpy) for _ in range(3))
    roll[..., 0], pitch[..., 1], yaw[..., 2] = rpy[..., 0], rpy[..., 1], rpy[..., 2]
    return multiply(from_rotation_vector(yaw), multiply(from_rotation_vector(pitch), from_rotation_vector(roll)))


def about_z(yaw: torch.Tensor) -> torch.Tensor:
    """Returns the quaternion of a rotation by yaw [rad] about z. Shape: (...) -> (..., 4)."""
    zero = torch.zeros_like(yaw)
    return torch.stack([torch.cos(yaw / 2), zero, zero, torch.sin(yaw / 2)], -1)


def yaw_of(q: torch.Tensor) -> torch.Tensor:
    """Returns the heading [rad] of the rotated x axis in the horizontal plane. Shape: (..., 4) -> (...)."""
    w, x, y, z = q.unbind(-1)
    return torch.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def angle_between(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Returns the angle [rad] between rotations. Shapes: (..., 4) -> (...)."""
    return to_rotation_vector(multiply(conjugate(a), b)).norm(dim=-1)


def compose(
    position_a: torch.Tensor, quaternion_a: torch.Tensor, position_b: torch.Tensor, quaternion_b: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the pose T_a T_b: pose b, given in frame a, in the frame that a is given in."""
    return position_a + rotate(quaternion_a, position_b), multiply(quaternion_a, quaternion_b)


def invert(position: torch.Tensor, quaternion: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the inverse of a pose."""
    inverse = conjugate(quaternion)
    return -rotate(inverse, position), inverse
