"""Batched quaternions (wxyz) in torch: products, rotation vectors and Euler angles. Angles in rad."""

from __future__ import annotations

import torch


def multiply(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Returns the rotation b followed by a. Shapes: (..., 4)."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        dim=-1,
    )


def conjugate(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns the inverse of unit quaternions. Shape: (..., 4)."""
    return torch.cat([quaternion[..., :1], -quaternion[..., 1:]], dim=-1)


def rotate(quaternion: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """Rotates vectors (..., 3) by unit quaternions (..., 4)."""
    axis = quaternion[..., 1:]
    twice = 2.0 * torch.cross(axis, vector, dim=-1)
    return vector + quaternion[..., :1] * twice + torch.cross(axis, twice, dim=-1)


def from_rotation_vector(vector: torch.Tensor) -> torch.Tensor:
    """Returns unit quaternions (..., 4) of rotation vectors (..., 3) [rad]."""
    half = 0.5 * torch.linalg.vector_norm(vector, dim=-1, keepdim=True)
    return torch.cat([torch.cos(half), 0.5 * torch.sinc(half / torch.pi) * vector], dim=-1)


def to_rotation_vector(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns rotation vectors (..., 3) [rad] of length at most pi."""
    quaternion = torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    sine = torch.linalg.vector_norm(quaternion[..., 1:], dim=-1, keepdim=True)
    angle = 2.0 * torch.atan2(sine, quaternion[..., :1])
    return torch.where(sine > 1e-7, angle / sine.clamp_min(1e-7), 2.0) * quaternion[..., 1:]


def from_euler_xyz(angles: torch.Tensor) -> torch.Tensor:
    """Returns the quaternions of Rx(a) Ry(b) Rz(c), "XYZ" of PyTorch3D and ManiSkill. Shape: (..., 3) -> (..., 4)."""
    (ca, cb, cc), (sa, sb, sc) = torch.cos(0.5 * angles).unbind(-1), torch.sin(0.5 * angles).unbind(-1)
    return torch.stack(
        [
            ca * cb * cc - sa * sb * sc,
            sa * cb * cc + ca * sb * sc,
            ca * sb * cc - sa * cb * sc,
            ca * cb * sc + sa * sb * cc,
        ],
        dim=-1,
    )


def to_euler_xyz(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns (a, b, c) with Rx(a) Ry(b) Rz(c) equal to the rotation; b in [-pi/2, pi/2]. Shape: (..., 3)."""
    w, x, y, z = quaternion.unbind(-1)
    a = torch.atan2(2 * (w * x - y * z), 1 - 2 * (x * x + y * y))
    b = torch.asin((2 * (x * z + w * y)).clamp(-1.0, 1.0))
    c = torch.atan2(2 * (w * z - x * y), 1 - 2 * (y * y + z * z))
    return torch.stack([a, b, c], dim=-1)
