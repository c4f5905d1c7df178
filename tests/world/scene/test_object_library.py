"""The procedural library: closed surfaces, the right mass, collision that stands in for the solid, and clear errors."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy.spatial import ConvexHull

from simgen.errors import BadInput
from simgen.world.scene.mesh.simplify import merge_vertices
from simgen.world.scene.model import Collider, ObjectModel
from simgen.world.scene.objects import OBJECT_KINDS, make_object, scale_model
from simgen.world.scene.objects.assemble import piece_points

ROUND = ("cylinder", "sphere", "capsule")
SEEDS = (0, 1, 7)
CASES = [(kind, seed) for kind in OBJECT_KINDS for seed in SEEDS]


def surface(model: ObjectModel) -> trimesh.Trimesh:
    vertices, faces, _ = merge_vertices(model.visual.vertices, model.visual.faces)
    return trimesh.Trimesh(vertices, faces, process=False)


def inside_piece(piece: Collider, points: np.ndarray) -> np.ndarray:
    if piece.kind in ("box", "mesh"):
        planes = ConvexHull(piece_points(piece)).equations
        return np.all(points @ planes[:, :3].T + planes[:, 3] <= 1e-9, axis=1)
    local, radius = points - piece.position, piece.size[0]
    half = 0.5 * piece.size[1] if len(piece.size) > 1 else 0.0
    if piece.kind == "cylinder":
        return (np.linalg.norm(local[:, :2], axis=1) <= radius) & (np.abs(local[:, 2]) <= half)
    local[:, 2] -= np.clip(local[:, 2], -half, half)
    return np.linalg.norm(local, axis=1) <= radius


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_surface_is_closed_and_outward(kind: str, seed: int) -> None:
    model = make_object(kind, seed)
    mesh = surface(model)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert len(model.visual.faces) < 1500
    np.testing.assert_allclose(np.linalg.norm(model.visual.normals, axis=1), 1.0, atol=1e-5)
    corners = model.visual.vertices[model.visual.faces].astype(float)
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    agreement = (flat[:, None] * model.visual.normals[model.visual.faces]).sum(axis=2)
    assert agreement.min() > 0.6  # shading never looks into the surface
    np.testing.assert_allclose(model.bounds, mesh.bounds, atol=1e-6)


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_mass_properties_are_those_of_the_solid(kind: str, seed: int) -> None:
    model = make_object(kind, seed)
    mesh = surface(model)
    tolerance = 0.08 if kind in ROUND else 1e-4  # round primitives are exact, their drawing is a polyhedron
    assert model.volume == pytest.approx(mesh.volume, rel=tolerance)
    np.testing.assert_allclose(model.center_of_mass, mesh.center_mass, atol=1e-6)
    np.testing.assert_allclose(model.inertia, mesh.moment_inertia, atol=tolerance * model.inertia.max())
    assert np.linalg.eigvalsh(model.inertia).min() > 0


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_pieces_stand_in_for_the_solid(kind: str, seed: int) -> None:
    model = make_object(kind, seed)
    assert 1 <= len(model.colliders) <= 9
    low, high = model.bounds
    for piece in model.colliders:
        points = piece_points(piece)
        assert (points >= low - 0.002).all()
        assert (points <= high + 0.002).all()
    samples = np.random.default_rng(0).uniform(low - 0.002, high + 0.002, (20_000, 3))
    covered = np.zeros(len(samples), bool)
    for piece in model.colliders:
        covered |= inside_piece(piece, samples.copy())
    union = covered.mean() * np.prod(high - low + 0.004)
    assert union == pytest.approx(model.volume, rel=0.15)


@pytest.mark.parametrize("kind", ["mug", "bowl", "plate", "bin", "ring"])
def test_pieces_lie_where_the_wall_is(kind: str) -> None:
    model = make_object(kind, 2)
    for piece in model.colliders:
        for corner in piece_points(piece):
            nearest = np.linalg.norm(model.visual.vertices - corner, axis=1).min()
            assert nearest < 0.15 * np.linalg.norm(np.ptp(model.bounds, axis=0))
    hollow = np.array([[0.0, 0.0, 0.25 * model.bounds[1, 2]]])
    assert not any(inside_piece(piece, hollow.copy()).any() for piece in model.colliders)


@pytest.mark.parametrize("kind", ["mug", "bowl", "plate", "bottle"])
def test_only_the_flat_foot_touches_the_ground(kind: str) -> None:
    model = make_object(kind, 3)
    lowest = sorted(piece_points(piece)[:, 2].min() - model.bounds[0, 2] for piece in model.colliders)
    assert lowest[0] == pytest.approx(0.0, abs=1e-7)
    assert lowest[1] > 0.0005


@pytest.mark.parametrize("kind", ["mug", "bowl", "plate", "bin"])
def test_interior_is_the_inner_floor(kind: str) -> None:
    model = make_object(kind, 4)
    assert model.interior is not None
    near_axis = model.visual.vertices[np.linalg.norm(model.visual.vertices[:, :2], axis=1) < 1e-6]
    expected = near_axis[:, 2].max() if len(near_axis) else model.bounds[0, 2]
    assert model.bounds[0, 2] < model.interior < model.bounds[1, 2]
    assert kind == "bin" or model.interior == pytest.approx(expected, abs=1e-6)


def test_seeds_vary_the_library_and_nothing_else() -> None:
    for kind, family in OBJECT_KINDS.items():
        varies = any(parameter.varies for parameter in family.parameters.values())
        keys = {make_object(kind, seed).key for seed in range(5)}
        assert len(keys) == (5 if varies else 1), kind
        assert make_object(kind, 3) is make_object(kind, 3)
    assert make_object("mug", 1, radius=0.03).bounds[1, 1] == pytest.approx(0.03, abs=1e-4)


@pytest.mark.parametrize("kind", OBJECT_KINDS)
def test_drawn_sizes_are_allowed_and_graspable(kind: str) -> None:
    for key, parameter in OBJECT_KINDS[kind].parameters.items():
        if parameter.varies:
            assert parameter.low <= parameter.varies[0] < parameter.varies[1] <= parameter.high, key
    stands_still = ("shelf", "peg_board", "slope", "stairs", "stones")
    if kind in (
        "bowl",
        "plate",
        "bin",
        "box_with_hole",
        "shelf",
        "peg_board",
        *stands_still,
    ):  # held by the rim, or not at all
        return
    for seed in range(12):
        width = np.ptp(make_object(kind, seed).bounds, axis=0)[1]
        assert width <= 0.08 or kind in ("l_shape", "t_shape")  # those are held by a bar


def test_peg_fits_the_hole_of_its_seed() -> None:
    for seed in range(10):
        peg, block = make_object("peg", seed), make_object("box_with_hole", seed)
        sides = np.ptp(peg.bounds, axis=0)
        assert np.ptp(block.bounds, axis=0)[0] == pytest.approx(sides[0])
        centre_line = np.column_stack((np.linspace(-0.08, 0.08, 5), np.zeros((5, 2))))
        for y, z in ((0, 0), (1, 1), (1, -1), (-1, 1)):
            edge = centre_line + np.array([0.0, y, z]) * (0.5 * sides[1] + 0.0029)
            assert not any(inside_piece(piece, edge.copy()).any() for piece in block.colliders)
            beyond = centre_line + np.array([0.0, 1.0, 0.0]) * (0.5 * sides[1] + 0.0031)
            assert all(any(inside_piece(piece, point[None].copy())[0] for piece in block.colliders) for point in beyond)


def test_hole_can_be_moved() -> None:
    block = make_object("box_with_hole", size=0.2, hole=0.05, offset_y=0.03, offset_z=-0.02)
    assert not any(inside_piece(piece, np.array([[0.0, 0.03, -0.02]])).any() for piece in block.colliders)
    assert surface(block).is_watertight
    with pytest.raises(BadInput, match="through the side"):
        make_object("box_with_hole", offset_y=0.09)


def test_primitives_are_exact() -> None:
    box = make_object("box", size=[0.02, 0.04, 0.06])
    assert box.colliders[0].size == pytest.approx((0.02, 0.04, 0.06))
    assert box.inertia[0, 0] == pytest.approx(box.volume * (0.04**2 + 0.06**2) / 12)
    assert len(box.visual.faces) == 12
    ball = make_object("sphere", radius=0.03)
    assert ball.volume == pytest.approx(4 / 3 * np.pi * 0.03**3)
    assert 320 <= len(ball.visual.faces) <= 500
    pill = make_object("capsule", radius=0.02, height=1e-3)  # nearly a sphere
    assert pill.inertia[0, 0] == pytest.approx(0.4 * pill.volume * 0.02**2, rel=0.1)


@pytest.mark.parametrize("scale", [1.3, (1.0, 1.0, 1.5), (0.8, 1.4, 1.1)])
@pytest.mark.parametrize("kind", ["box", "cylinder", "sphere", "capsule", "mug", "bottle", "l_shape"])
def test_scaling_keeps_surface_mass_and_pieces_together(kind: str, scale: float | tuple[float, float, float]) -> None:
    base, model = make_object(kind, 1), make_object(kind, 1, scale=scale)
    mesh = surface(model)
    factors = np.broadcast_to(scale, 3)
    np.testing.assert_allclose(model.bounds, base.bounds * factors)
    assert model.volume == pytest.approx(base.volume * factors.prod())
    np.testing.assert_allclose(model.inertia, mesh.moment_inertia, atol=0.08 * model.inertia.max())
    assert model.key != base.key
    low, high = model.bounds
    for piece in model.colliders:
        points = piece_points(piece)
        assert (points >= low - 0.003).all()
        assert (points <= high + 0.003).all()
    lowest = min(piece_points(piece)[:, 2].min() for piece in model.colliders)
    assert lowest == pytest.approx(low[2], abs=1e-6)


def test_uniform_scale_keeps_primitives() -> None:
    assert make_object("capsule", scale=2.0).colliders[0].size == pytest.approx((0.04, 0.08))
    assert make_object("cylinder", scale=(2.0, 2.0, 1.0)).colliders[0].size == pytest.approx((0.04, 0.05))
    assert scale_model(make_object("mug"), 1.0) is make_object("mug")


def test_arrays_are_shared_and_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        make_object("mug").visual.vertices[0] = 0.0


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("mugg", {}, "did you mean 'mug'"),
        ("mug", {"radios": 0.03}, "did you mean 'radius'"),
        ("mug", {"radius": 33}, "did you mean 0.033"),
        ("mug", {"radius": "big"}, "must be a number"),
        ("mug", {"radius": float("nan")}, "must be a number"),
        ("mug", {"wall": 0.02}, "wall must be below"),
        ("box", {"size": [0.1, 0.1]}, "3 numbers"),
        ("box", {"size": [0.1, 0.1, -0.1]}, "outside"),
        ("box", {"scale": 0.0}, "outside"),
        ("box", {"scale": [1, 2]}, "3 numbers"),
        ("bowl", {"seed": 1.5}, "whole number"),
        ("bowl", {"seed": -1}, "0 or more"),
        ("bridge", {"opening": 0.2}, "opening must be below"),
    ],
)
def test_wrong_input_is_explained(kind: str, parameters: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_object(kind, **parameters)  # pyright: ignore[reportArgumentType]
