"""USD stages: units and axes, masses, what is refused, and what a missing package means."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from small_assets import articulated

from simgen.errors import BadInput
from simgen.world.asset import load_asset
from simgen.world.asset.add import AddOptions, add_asset
from simgen.world.scene.model import ObjectModel


@pytest.fixture
def usd(tmp_path: Path) -> Path:
    """A shell and a drawer in centimetres, y up."""
    from pxr import Gf, Usd, UsdGeom, UsdPhysics

    path = tmp_path / "desk.usda"
    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageMetersPerUnit(stage, 0.01)
    UsdGeom.SetStageUpAxis(stage, "Y")

    def cube(prim: str, size: tuple[float, ...], color: tuple[float, ...], at: tuple[float, ...]) -> None:
        shape = UsdGeom.Cube.Define(stage, prim)
        shape.GetSizeAttr().Set(1.0)
        place = UsdGeom.Xformable(shape)
        place.AddTranslateOp().Set(Gf.Vec3d(*at))
        place.AddScaleOp().Set(Gf.Vec3f(*size))
        shape.GetDisplayColorAttr().Set([Gf.Vec3f(*color)])
        UsdPhysics.CollisionAPI.Apply(shape.GetPrim())

    UsdPhysics.RigidBodyAPI.Apply(UsdGeom.Xform.Define(stage, "/shell").GetPrim())
    cube("/shell/box", (30, 20, 40), (0.2, 0.3, 0.8), (0, 10, 0))
    drawer = UsdGeom.Xform.Define(stage, "/drawer")
    drawer.AddTranslateOp().Set(Gf.Vec3d(0, 10, 21))
    UsdPhysics.RigidBodyAPI.Apply(drawer.GetPrim())
    cube("/drawer/front", (28, 18, 1), (0.8, 0.8, 0.8), (0, 0, 0))
    cube("/drawer/handle", (10, 1, 2), (0.1, 0.1, 0.1), (0, 0, 2))
    joint = UsdPhysics.PrismaticJoint.Define(stage, "/slide")
    joint.CreateBody0Rel().SetTargets(["/shell"])
    joint.CreateBody1Rel().SetTargets(["/drawer"])
    joint.CreateAxisAttr("Z")
    joint.CreateLowerLimitAttr(0.0)
    joint.CreateUpperLimitAttr(20.0)
    joint.CreateLocalPos0Attr(Gf.Vec3f(0, 10, 21))
    stage.Save()
    return path


def test_a_usd_body_with_a_mass_alone_keeps_it(usd: Path, assets: Path) -> None:
    from pxr import Usd, UsdPhysics

    stage = Usd.Stage.Open(str(usd))
    UsdPhysics.MassAPI.Apply(stage.GetPrimAtPath("/shell")).CreateMassAttr(3.0)
    stage.Save()
    _, card = add_asset(usd, assets, AddOptions())
    assert card.root.mass == pytest.approx(3.0)
    assert card.root.center_of_mass == pytest.approx((0.0, 0.0, 0.1), abs=1e-6)  # that of the shape: the file has none
    assert card.root.unit_inertia[2][2] * card.root.density == pytest.approx(3.0 / 12 * (0.3**2 + 0.4**2), rel=1e-5)
    assert any("the file gives shell a mass but no inertia" in note for note in card.notes)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("physics:upperLimit", 1e9, "joint 'slide': upper limit: .* is out of range. Allowed: -5 to 5 m"),
        ("physxJoint:jointFriction", -2.0, "joint 'slide': friction: -2 is out of range"),
        ("drive:linear:physics:damping", -2.0, "joint 'slide': damping: -2 is out of range"),
        ("drive:linear:physics:damping", float("nan"), "joint 'slide': damping: must be a finite number"),
    ],
)
def test_numbers_of_a_usd_that_cannot_be(usd: Path, assets: Path, name: str, value: float, message: str) -> None:
    from pxr import Sdf, Usd

    stage = Usd.Stage.Open(str(usd))
    stage.GetPrimAtPath("/slide").CreateAttribute(name, Sdf.ValueTypeNames.Float).Set(value)
    stage.Save()
    with pytest.raises(BadInput, match=f"desk.usda: {message}"):
        add_asset(usd, assets, AddOptions())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("text.usda", "this is not usd", "is not a valid usda layer"),
        ("value.usda", '#usda 1.0\ndef Mesh "b" { int x = "oops" }\n', "Error parsing simple value"),
        ("short.usdc", "PXR-USDC and no more", "File too small"),
        ("other.usdz", "no archive", "it is no USD layer"),
    ],
)
def test_broken_usds_are_told_in_plain_words(
    tmp_path: Path, assets: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=f"{name}: cannot be read as USD .*{message}") as error:
        add_asset(tmp_path / name, assets, AddOptions())
    assert "pxr" not in str(error.value)


def test_a_usd_stage_with_its_unit_and_up_axis(usd: Path, assets: Path) -> None:
    _, card = add_asset(usd, assets, AddOptions())
    assert (card.original.scale, card.original.up) == (0.01, "y")
    model = articulated("desk")
    np.testing.assert_allclose(model.root.bounds, [[-0.15, -0.2, 0.0], [0.15, 0.2, 0.2]], atol=1e-6)
    joint = model.parts["drawer"].joint
    np.testing.assert_allclose(joint.position, [0.0, -0.23, 0.1], atol=1e-6)
    np.testing.assert_allclose(joint.axis, [0.0, -1.0, 0.0], atol=1e-9)
    assert (joint.lower, joint.upper) == pytest.approx((0.0, 0.2))
    assert [piece.kind for piece in model.root.colliders] == ["box"]
    colors = model.root.visual.colors
    assert colors is not None
    np.testing.assert_allclose(colors[0], [0.2, 0.3, 0.8], atol=1e-6)


def test_a_usd_mesh_without_physics_is_rigid(tmp_path: Path, assets: Path) -> None:
    from pxr import Usd, UsdGeom

    stage = Usd.Stage.CreateNew(str(tmp_path / "prism.usda"))
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    UsdGeom.SetStageUpAxis(stage, "Z")
    mesh = UsdGeom.Mesh.Define(stage, "/prism")
    mesh.GetPointsAttr().Set([(0, 0, 0), (0.2, 0, 0), (0, 0.2, 0), (0, 0, 0.1), (0.2, 0, 0.1), (0, 0.2, 0.1)])
    mesh.GetFaceVertexCountsAttr().Set([3, 3, 4, 4, 4])
    mesh.GetFaceVertexIndicesAttr().Set([0, 2, 1, 3, 4, 5, 0, 1, 4, 3, 1, 2, 5, 4, 2, 0, 3, 5])
    stage.Save()
    _, card = add_asset(tmp_path / "prism.usda", assets, AddOptions())
    assert card.kind == "rigid"
    assert card.mass == pytest.approx(1000 * 0.5 * 0.2 * 0.2 * 0.1, rel=1e-5)
    assert isinstance(load_asset("prism"), ObjectModel)


def test_bad_usds(tmp_path: Path, usd: Path, assets: Path) -> None:
    (tmp_path / "broken.usda").write_text("#usda 1.0\n(")
    with pytest.raises(BadInput, match="cannot be read as USD"):
        add_asset(tmp_path / "broken.usda", assets, AddOptions())
    (tmp_path / "empty.usda").write_text("#usda 1.0\n")
    with pytest.raises(BadInput, match="no meshes or primitives"):
        add_asset(tmp_path / "empty.usda", assets, AddOptions())
    usd.write_text(usd.read_text().replace("PhysicsPrismaticJoint", "PhysicsSphericalJoint"))
    with pytest.raises(BadInput, match="joint 'slide' is of type 'SphericalJoint'. Allowed: FixedJoint"):
        add_asset(usd, assets, AddOptions(name="sphere"))


def test_without_the_usd_package_the_extra_is_named(
    tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    monkeypatch.delitem(sys.modules, "pxr.Usd", raising=False)
    monkeypatch.delitem(sys.modules, "pxr.Tf", raising=False)
    (tmp_path / "thing.usda").write_text("#usda 1.0\n")
    with pytest.raises(BadInput, match=r"simgen-toolkit\[usd\]"):
        add_asset(tmp_path / "thing.usda", assets, AddOptions())
