"""Against SciPy's rotations, on random ones and on the awkward ones: none, half turns, quarter turns about an axis."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from simgen.world import rotation

TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def turns() -> Rotation:
    random = Rotation.random(200, random_state=0)
    axes = [axis for axis in itertools.product((-1.0, 0.0, 1.0), repeat=3) if any(axis)]
    quarters = [quarter * np.pi / 2 * np.array(axis) / np.linalg.norm(axis) for axis in axes for quarter in (1, 2, 3)]
    tiny = 1e-8 * np.array(axes)
    return Rotation.concatenate([random, Rotation.identity(1), Rotation.from_rotvec(quarters + list(tiny))])


@pytest.fixture(scope="module")
def quaternions(turns: Rotation) -> torch.Tensor:
    return wxyz(turns)


@pytest.fixture(scope="module")
def angles() -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(1).uniform(-4.0, 4.0, (200, 3)))


def wxyz(turns: Rotation) -> torch.Tensor:
    return torch.as_tensor(np.roll(turns.as_quat(), 1, axis=-1))


def same(quaternion: torch.Tensor, turns: Rotation) -> bool:
    """Whether the quaternions are of unit length and mean these rotations; q and -q mean the same."""
    products = (quaternion * wxyz(turns)).sum(-1).abs()
    unit = torch.linalg.vector_norm(quaternion, dim=-1)
    return bool((products - 1).abs().max() < TOLERANCE and (unit - 1).abs().max() < TOLERANCE)


def close(value: torch.Tensor, expected: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    return value.shape == expected.shape and bool((value - torch.as_tensor(expected)).abs().max() < tolerance)


def points(count: int) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(2).normal(size=(count, 3)))


def test_products_and_inverses(turns: Rotation, quaternions: torch.Tensor):
    assert same(rotation.multiply(quaternions, quaternions.flip(0)), turns * turns[::-1])
    assert same(rotation.conjugate(quaternions), turns.inv())


def test_rotate_turns_vectors(turns: Rotation, quaternions: torch.Tensor):
    vectors = points(len(turns))
    assert close(rotation.rotate(quaternions, vectors), turns.apply(vectors.numpy()))


def test_rotate_broadcasts_over_points_and_over_rotations(turns: Rotation, quaternions: torch.Tensor):
    corners = points(8)
    turned = rotation.rotate(quaternions[:, None], corners)
    assert turned.shape == (len(turns), 8, 3)
    assert close(turned[:, 3], turns.apply(corners[3].numpy()))
    assert close(rotation.rotate(quaternions[5], corners), turns[5].apply(corners.numpy()))


def test_rotation_vectors_both_ways(turns: Rotation, quaternions: torch.Tensor):
    vectors = rotation.to_rotation_vector(quaternions)
    assert close(torch.linalg.vector_norm(vectors, dim=-1), turns.magnitude())
    assert same(rotation.from_rotation_vector(vectors), turns)
    assert same(rotation.from_rotation_vector(torch.as_tensor(turns.as_rotvec())), turns)


def test_rotation_vectors_of_more_than_a_turn(angles: torch.Tensor):
    assert same(rotation.from_rotation_vector(3 * angles), Rotation.from_rotvec(3 * angles.numpy()))


def test_the_opposite_quaternion_has_the_same_shortest_rotation_vector(quaternions: torch.Tensor):
    general = quaternions[:200]
    assert torch.equal(rotation.to_rotation_vector(-general), rotation.to_rotation_vector(general))


def test_no_turn_has_rotation_vector_zero():
    none = rotation.from_rotation_vector(torch.zeros(1, 3))
    assert none.tolist() == [[1.0, 0.0, 0.0, 0.0]]
    assert rotation.to_rotation_vector(none).tolist() == [[0.0, 0.0, 0.0]]


def test_euler_angles_about_the_turned_axes(turns: Rotation, quaternions: torch.Tensor, angles: torch.Tensor):
    assert same(rotation.from_euler_xyz(angles), Rotation.from_euler("XYZ", angles.numpy()))
    general = slice(0, 200)  # at b = pi/2, a and c are not determined
    assert close(rotation.to_euler_xyz(quaternions[general]), turns[general].as_euler("XYZ"), 1e-9)


def test_euler_angles_about_the_fixed_axes(angles: torch.Tensor):
    assert same(rotation.from_euler_fixed_xyz(angles), Rotation.from_euler("xyz", angles.numpy()))


def test_roll_pitch_yaw_is_roll_first():
    quarter = torch.pi / 2
    turn = rotation.from_euler_fixed_xyz(torch.tensor([quarter, 0.0, quarter]))
    x, y, z = torch.eye(3).unbind(0)
    assert torch.allclose(rotation.rotate(turn, y), z, atol=1e-6)
    assert torch.allclose(rotation.rotate(turn, x), y, atol=1e-6)


def test_matrices_both_ways(turns: Rotation, quaternions: torch.Tensor):
    assert close(rotation.to_matrix(quaternions), turns.as_matrix())
    assert same(rotation.from_matrix(torch.as_tensor(turns.as_matrix())), turns)


def test_headings(turns: Rotation, quaternions: torch.Tensor, angles: torch.Tensor):
    yaw = angles[:, 0]
    assert same(rotation.about_z(yaw), Rotation.from_euler("z", yaw[:, None].numpy()))
    assert torch.allclose(torch.cos(rotation.yaw_of(rotation.about_z(yaw)) - yaw), torch.ones_like(yaw))
    ahead = turns[:200].apply([1.0, 0.0, 0.0])
    assert close(rotation.yaw_of(quaternions[:200]), np.arctan2(ahead[:, 1], ahead[:, 0]), 1e-9)


def test_angle_between(turns: Rotation, quaternions: torch.Tensor):
    expected = (turns.inv() * turns[::-1]).magnitude()
    assert close(rotation.angle_between(quaternions, quaternions.flip(0)), expected, 1e-7)
    assert close(rotation.angle_between(quaternions, -quaternions), np.zeros(len(turns)), 1e-7)


def test_poses_chain_and_cancel(turns: Rotation, quaternions: torch.Tensor):
    position = points(len(turns))
    chained, turned = rotation.compose(position, quaternions, position.flip(0), quaternions.flip(0))
    assert close(chained, position.numpy() + turns.apply(position.flip(0).numpy()))
    assert same(turned, turns * turns[::-1])
    origin, none = rotation.compose(*rotation.invert(position, quaternions), position, quaternions)
    assert close(origin, np.zeros_like(position))
    assert same(none, Rotation.identity(len(turns)))


def test_single_precision_stays_single_and_near(turns: Rotation, quaternions: torch.Tensor):
    single = quaternions.float()
    again = rotation.from_rotation_vector(rotation.to_rotation_vector(single))
    assert again.dtype == torch.float32
    assert torch.allclose((again * single).sum(-1).abs(), torch.ones(len(turns)), atol=1e-6)
    assert rotation.from_matrix(rotation.to_matrix(single)).dtype == torch.float32
