"""Quaternions (wxyz), rotation vectors, Euler angles, matrices and poses as torch tensors. Angles in rad."""

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


def conjugate(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns the inverse of unit quaternions. Shape: (..., 4)."""
    return torch.cat([quaternion[..., :1], -quaternion[..., 1:]], -1)


def rotate(quaternion: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """Rotates vectors (..., 3) by unit quaternions (..., 4); the leading dimensions broadcast."""
    axis, vector = torch.broadcast_tensors(quaternion[..., 1:], vector)
    twice = 2.0 * torch.linalg.cross(axis, vector)
    return vector + quaternion[..., :1] * twice + torch.linalg.cross(axis, twice)


def from_rotation_vector(vector: torch.Tensor) -> torch.Tensor:
    """Returns the quaternions of rotations by |v| [rad] about v. Shape: (..., 3) -> (..., 4)."""
    half = 0.5 * torch.linalg.vector_norm(vector, dim=-1, keepdim=True)
    # sinc(x) = sin(pi x) / (pi x) stays exact at 0
    return torch.cat([torch.cos(half), 0.5 * torch.sinc(half / torch.pi) * vector], -1)


def to_rotation_vector(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns the shortest rotation vectors [rad] of unit quaternions. Shape: (..., 4) -> (..., 3)."""
    quaternion = torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    sine = torch.linalg.vector_norm(quaternion[..., 1:], dim=-1, keepdim=True)
    angle = 2.0 * torch.atan2(sine, quaternion[..., :1])
    return quaternion[..., 1:] * torch.where(sine > 1e-9, angle / sine.clamp(min=1e-9), 2.0)


def from_euler_xyz(angles: torch.Tensor) -> torch.Tensor:
    """Returns the quaternions of Rx(a) Ry(b) Rz(c): about x, then about the turned y, then about the turned z.

    It is "XYZ" of PyTorch3D, ManiSkill and SciPy. Shape: (..., 3) -> (..., 4).
    """
    (ca, cb, cc), (sa, sb, sc) = torch.cos(0.5 * angles).unbind(-1), torch.sin(0.5 * angles).unbind(-1)
    return torch.stack(
        [
            ca * cb * cc - sa * sb * sc,
            sa * cb * cc + ca * sb * sc,
            ca * sb * cc - sa * cb * sc,
            ca * cb * sc + sa * sb * cc,
        ],
        -1,
    )


def to_euler_xyz(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns a, b, c such that Rx(a) Ry(b) Rz(c) is the rotation; b in [-pi/2, pi/2]. Shape: (..., 4) -> (..., 3)."""
    w, x, y, z = quaternion.unbind(-1)
    a = torch.atan2(2 * (w * x - y * z), 1 - 2 * (x * x + y * y))
    b = torch.asin((2 * (x * z + w * y)).clamp(-1.0, 1.0))
    c = torch.atan2(2 * (w * z - x * y), 1 - 2 * (y * y + z * z))
    return torch.stack([a, b, c], -1)


def from_euler_fixed_xyz(rpy: torch.Tensor) -> torch.Tensor:
    """Returns the quaternions of Rz(yaw) Ry(pitch) Rx(roll): roll, pitch, yaw [rad] about the fixed x, y, z axes.

    It is "xyz" of SciPy and the rpy of a URDF. Shape: (..., 3) -> (..., 4).
    """
    return conjugate(from_euler_xyz(-rpy))  # the inverse does the inverse turns in the inverse order


def to_euler_fixed_xyz(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns roll, pitch, yaw such that Rz(yaw) Ry(pitch) Rx(roll) is the rotation. Shape: (..., 4) -> (..., 3)."""
    return -to_euler_xyz(conjugate(quaternion))


def from_matrix(matrix: torch.Tensor) -> torch.Tensor:
    """Returns the unit quaternions of rotation matrices. Shape: (..., 3, 3) -> (..., 4)."""
    m = matrix
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    squares = torch.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz], -1)
    yz, zx, xy = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    sxy, szx, syz = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    candidates = torch.stack(
        [
            torch.stack([squares[..., 0], yz, zx, xy], -1),
            torch.stack([yz, squares[..., 1], sxy, szx], -1),
            torch.stack([zx, sxy, squares[..., 2], syz], -1),
            torch.stack([xy, szx, syz, squares[..., 3]], -1),
        ],
        -2,
    )
    # each row is a multiple of the quaternion; the one with the largest diagonal loses the fewest digits
    best = squares.argmax(-1)[..., None, None].expand(*squares.shape[:-1], 1, 4)
    return torch.nn.functional.normalize(candidates.gather(-2, best).squeeze(-2), dim=-1)


def to_matrix(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns the rotation matrices of unit quaternions. Shape: (..., 4) -> (..., 3, 3)."""
    w, x, y, z = quaternion.unbind(-1)
    rows = [
        *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    ]
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


def about_z(yaw: torch.Tensor) -> torch.Tensor:
    """Returns the quaternions of rotations by yaw [rad] about z. Shape: (...) -> (..., 4)."""
    zero = torch.zeros_like(yaw)
    return torch.stack([torch.cos(yaw / 2), zero, zero, torch.sin(yaw / 2)], -1)


def yaw_of(quaternion: torch.Tensor) -> torch.Tensor:
    """Returns the heading [rad] of the rotated x axis in the horizontal plane. Shape: (..., 4) -> (...)."""
    w, x, y, z = quaternion.unbind(-1)
    return torch.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def angle_between(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Returns the angle [rad] between rotations. Shapes: (..., 4) -> (...)."""
    return torch.linalg.vector_norm(to_rotation_vector(multiply(conjugate(a), b)), dim=-1)


def compose(
    position_a: torch.Tensor, quaternion_a: torch.Tensor, position_b: torch.Tensor, quaternion_b: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the pose T_a T_b: pose b, given in frame a, in the frame that a is given in."""
    return position_a + rotate(quaternion_a, position_b), multiply(quaternion_a, quaternion_b)


def invert(position: torch.Tensor, quaternion: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the inverse of a pose."""
    inverse = conjugate(quaternion)
    return -rotate(inverse, position), inverse
