"""URDF, MJCF and USD files with joints: what is merged, where parts are gripped, what they weigh, what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from simgen.errors import BadInput
from simgen.world.asset import load_asset, read_card
from simgen.world.asset.add import AddOptions, add_asset, read_raw
from simgen.world.asset.build import BuildOptions, build
from simgen.world.asset.flatten import flatten
from simgen.world.scene.model import ArticulatedModel, ObjectModel

MJCF = """\
<mujoco>
  <worldbody>
    <geom type="plane" size="1 1 0.1"/>
    <body name="chest" pos="0.5 0 0.1">
      <freejoint/>
      <geom type="box" size="0.1 0.15 0.05" rgba="0.5 0.3 0.1 1"/>
      <body name="lid" pos="0 0 0.06">
        <joint name="hinge" axis="0 1 0" pos="-0.1 0 0" range="-90 0" damping="0.3" frictionloss="0.02"/>
        <geom type="box" size="0.1 0.15 0.005"/>
        <geom name="handle" type="capsule" fromto="0.11 -0.03 0 0.11 0.03 0" size="0.006"/>
      </body>
    </body>
  </worldbody>
</mujoco>
"""


def articulated(name: str) -> ArticulatedModel:
    model = load_asset(name)
    assert isinstance(model, ArticulatedModel)
    return model


def test_a_urdf_keeps_what_moves_and_merges_the_rest(urdf: Path, assets: Path) -> None:
    _, card = add_asset(urdf, assets, AddOptions())
    assert (card.kind, card.fixed, list(card.parts)) == ("articulated", True, ["drawer", "knob"])
    model = articulated("cabinet")
    assert model.topology == (("drawer", "", "prismatic"), ("knob", "", "revolute"))
    np.testing.assert_allclose(model.root.bounds, [[-0.1, -0.15, 0.0], [0.1, 0.15, 0.2]], atol=1e-6)
    assert model.root.visual.colors is not None
    np.testing.assert_allclose(model.root.visual.colors[0], [0.319, 0.133, 0.033], atol=0.001)  # sRGB 0.6, 0.4, 0.2


def test_a_part_is_gripped_at_its_handle_and_stands_upright(urdf: Path, assets: Path) -> None:
    add_asset(urdf, assets, AddOptions())
    joint = articulated("cabinet").parts["drawer"].joint
    np.testing.assert_allclose(joint.position, [0.25, 0.0, 0.1], atol=1e-6)  # the handle, 50 mm before the front
    np.testing.assert_array_equal(joint.quaternion, [1.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(joint.axis, [1.0, 0.0, 0.0], atol=1e-9)  # -y of a link that is turned by 90 degrees
    assert (joint.lower, joint.upper, joint.friction, joint.damping) == (0.0, 0.3, 1.5, 4.0)
    knob = articulated("cabinet").parts["knob"].joint
    np.testing.assert_allclose(knob.position, [0.0, 0.0, 0.2], atol=1e-9)
    np.testing.assert_allclose(knob.axis, [0.0, 0.0, 1.0])
    assert (knob.lower, knob.upper) == (-2 * np.pi, 2 * np.pi)


def test_a_link_without_a_shape_may_carry_a_part_on_two_joints(urdf: Path, assets: Path) -> None:
    """As PartNet-Mobility has knobs that turn and are pressed, with a helper link between."""
    helper = """<joint name="press" type="prismatic"><origin xyz="0 0 0.1"/><parent link="shell"/><child link="helper"/>
      <axis xyz="0 0 -1"/><limit lower="0" upper="0.02"/></joint><link name="helper"/>"""
    text = urdf.read_text().replace('<joint name="hinge"', f'{helper}<joint name="hinge"')
    on_helper = '<origin xyz="0 0 0"/><parent link="helper"/><child link="knob"/>'
    urdf.write_text(text.replace('<origin xyz="0 0 0.1"/><parent link="shell"/><child link="knob"/>', on_helper))
    _, card = add_asset(urdf, assets, AddOptions())
    assert any("helper had no shape" in note for note in card.notes)
    model = articulated("cabinet")
    assert model.topology == (
        ("drawer", "", "prismatic"), ("helper", "", "prismatic"), ("knob", "helper", "revolute"),
    )  # fmt: skip
    grain = model.parts["helper"].model
    assert grain.volume * grain.density == pytest.approx(0.01)
    np.testing.assert_allclose(model.parts["knob"].joint.position, [0.0, 0.0, 0.0], atol=1e-9)


def test_masses_are_those_of_the_file_unless_the_user_says_otherwise(urdf: Path, assets: Path) -> None:
    _, card = add_asset(urdf, assets, AddOptions())
    assert card.parts["drawer"].body.mass == pytest.approx(1.2)
    assert card.root.mass == pytest.approx(1000 * 0.2 * 0.3 * 0.2, rel=1e-4)
    drawer = articulated("cabinet").parts["drawer"].model
    assert drawer.volume * drawer.density == pytest.approx(1.2)
    moments = np.diag(drawer.inertia) * drawer.density  # the link is turned by 90 degrees: x and y change places
    np.testing.assert_allclose(moments, [0.02, 0.02, 0.03], rtol=1e-6)
    _, dense = add_asset(urdf, assets, AddOptions(name="dense", build=BuildOptions(density=500.0)))
    assert dense.parts["drawer"].body.mass == pytest.approx(500 * 0.2 * 0.02 * 0.1, rel=1e-6)
    _, light = add_asset(urdf, assets, AddOptions(name="light", build=BuildOptions(mass=6.0)))
    assert light.mass == pytest.approx(6.0)
    assert light.parts["drawer"].body.mass == pytest.approx(6.0 * 1.2 / card.mass)


def test_scale_reaches_joints_and_masses_stay(urdf: Path, assets: Path) -> None:
    _, card = add_asset(urdf, assets, AddOptions(scale=2.0))
    joint = card.parts["drawer"].joint
    assert joint.position == pytest.approx((0.5, 0.0, 0.2), abs=1e-6)
    assert joint.upper == pytest.approx(0.6)
    assert card.parts["drawer"].body.mass == pytest.approx(1.2)


def test_an_inertia_that_no_solid_has_is_taken_from_the_shape(urdf: Path, assets: Path) -> None:
    urdf.write_text(urdf.read_text().replace('izz="0.03"', 'izz="0.9"'))
    _, card = add_asset(urdf, assets, AddOptions())
    assert (
        "the file gives drawer a mass but no inertia, or one that no solid has: the inertia is taken from the "
        "shape" in card.notes
    )
    moments = np.linalg.eigvalsh(np.array(card.parts["drawer"].body.unit_inertia))
    assert moments[0] + moments[1] > moments[2]


def test_what_is_loaded_is_what_was_built(urdf: Path, assets: Path) -> None:
    add_asset(urdf, assets, AddOptions())
    built, _ = build(flatten(read_raw(urdf), 1.0, False), "cabinet", BuildOptions())
    assert load_asset("cabinet").key == built.key


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("meshes/shell.obj", "meshes/shall.obj", "mesh files are missing: meshes/shall.obj"),
        ('type="continuous"', 'type="floating"', "joint 'hinge' is of type 'floating'.*Allowed: fixed, revolute"),
        ('<parent link="shell"/><child link="knob"/>', '<parent link="shelf"/><child link="knob"/>', "link 'shelf'"),
        ('<child link="knob"/>', '<child link="drawer"/>', "one tree with one root"),
        ('upper="0.3"', 'upper="0"', "joint 'slide' cannot move"),
        ('xyz="0 -1 0"', 'xyz="0 0 0"', "joint 'slide' has no axis"),
        ('size="0.2 0.02 0.1"', 'size="0.2 0.02"', "size of its box"),
        ('size="0.2 0.02 0.1"', 'size="0.2 0.02 wide"', "are no numbers"),
        ("<sphere", "<torus", "has a shape <torus>"),
        ('<visual><geometry><sphere radius="0.02"/></geometry></visual>', "", "link 'knob' has no shape"),
        ("<robot name", "<robots name", "cannot be read as URDF"),
        ("robot", "sdf", "is no URDF: its first element is <sdf>"),
        ('<link name="knob">', '<link name="drawer">', "cabinet.urdf: more than one link is called 'drawer'"),
        (
            'friction="1.5"',
            'friction="-1.5"',
            r"urdf: joint 'slide': friction: -1.5 is out of range. Allowed: 0 to .* N",
        ),
        ('damping="4"', 'damping="-4"', "joint 'slide': damping: -4 is out of range"),
        ('damping="4"', 'damping="inf"', "joint 'slide': 'inf' are no finite numbers"),
        ('upper="0.3"', 'upper="1e9"', "joint 'slide': upper limit: 1e.* is out of range. Allowed: -5 to 5 m"),
        ('lower="0" upper="0.3"', 'lower="-3" upper="3"', "joint 'slide': travel: 6 is out of range"),
        ('<mass value="1.2"/>', '<mass value="1e9"/>', "link 'drawer': mass: .* Allowed: above 0 to 1000 kg"),
        ('<mass value="1.2"/>', '<mass value="-1.2"/>', "link 'drawer': mass: -1.2 is out of range"),
    ],
)
def test_bad_urdfs_leave_nothing_behind(urdf: Path, assets: Path, old: str, new: str, message: str) -> None:
    text = urdf.read_text()
    assert old in text
    urdf.write_text(text.replace(old, new))
    with pytest.raises(BadInput, match=message):
        add_asset(urdf, assets, AddOptions())
    assert not assets.exists()


def test_the_way_of_a_slide_is_checked_in_metres(urdf: Path, assets: Path) -> None:
    urdf.write_text(urdf.read_text().replace('upper="0.3"', 'upper="3"'))
    with pytest.raises(BadInput, match="joint 'slide': upper limit: 6 is out of range"):
        add_asset(urdf, assets, AddOptions(scale=2.0))
    assert add_asset(urdf, assets, AddOptions())[1].parts["drawer"].joint.upper == pytest.approx(3.0)


@pytest.mark.parametrize("inertia", ["", '<inertia ixx="0" ixy="0" ixz="0" iyy="0" iyz="0" izz="0"/>'])
def test_a_mass_without_an_inertia_is_kept(urdf: Path, assets: Path, inertia: str) -> None:
    start, _, rest = urdf.read_text().partition("<inertia ")
    text = start + inertia + rest.partition("/>")[2]
    urdf.write_text(text.replace('<inertial><origin xyz="0 0 0"/>', '<inertial><origin xyz="0 0 0.02"/>'))
    _, card = add_asset(urdf, assets, AddOptions())
    drawer = card.parts["drawer"].body
    assert drawer.mass == pytest.approx(1.2)
    assert drawer.center_of_mass == pytest.approx((-0.05, 0.0, 0.02), abs=1e-6)  # from the handle, where it is gripped
    depth, width, height = 0.02, 0.2, 0.1
    moments = 0.1 * np.array([width**2 + height**2, depth**2 + height**2, width**2 + depth**2])
    np.testing.assert_allclose(np.diag(drawer.unit_inertia) * drawer.density, moments, rtol=1e-5)
    assert any("the file gives drawer a mass but no inertia" in note for note in card.notes)


def test_links_on_fixed_joints_weigh_together_what_each_does(urdf: Path, assets: Path) -> None:
    """The shell of 2 kg by the file carries a foot of 1 kg, of which the file says nothing."""
    foot = """<link name="foot"><collision><geometry><box size="0.1 0.1 0.1"/></geometry></collision></link>
      <joint name="stand" type="fixed"><origin xyz="0 0 -0.15"/><parent link="shell"/><child link="foot"/></joint>"""
    mass = '<inertial><mass value="2"/><inertia ixx="0.1" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial>'
    text = urdf.read_text().replace('<link name="shell">', f'{foot}<link name="shell">{mass}')
    urdf.write_text(text)
    _, card = add_asset(urdf, assets, AddOptions())
    assert card.root.mass == pytest.approx(3.0)
    assert card.root.center_of_mass == pytest.approx((0.0, 0.0, (2 * 0.1 + 1 * -0.05) / 3))
    upright = card.root.unit_inertia[2][2] * card.root.density
    assert upright == pytest.approx(0.1 + 0.01 / 6, rel=1e-5)
    assert "no mass in the file for foot, knob: density assumed 1000 kg/m^3 (water)" in card.notes
    assert not any("those of the file" in note for note in card.notes)


def test_package_addresses_are_found_beside_the_file_or_above(urdf: Path, assets: Path) -> None:
    urdf.write_text(urdf.read_text().replace("meshes/shell.obj", "package://cabinet/meshes/shell.obj"))
    assert add_asset(urdf, assets, AddOptions())[1].root.mass == pytest.approx(12.0, rel=1e-3)


def test_a_urdf_may_be_called_xml(urdf: Path, assets: Path) -> None:
    _, card = add_asset(urdf.rename(urdf.with_suffix(".xml")), assets, AddOptions())
    assert list(card.parts) == ["drawer", "knob"]


def test_parts_that_follow_others_are_told(urdf: Path, assets: Path) -> None:
    urdf.write_text(urdf.read_text().replace('<axis xyz="0 0 2"/>', '<axis xyz="0 0 2"/><mimic joint="slide"/>'))
    assert any("mimic rule was left out" in note for note in add_asset(urdf, assets, AddOptions())[1].notes)


@pytest.fixture
def mjcf(tmp_path: Path) -> Path:
    path = tmp_path / "chest.xml"
    path.write_text(MJCF, encoding="utf-8")
    return path


def test_an_mjcf_with_a_hinge(mjcf: Path, assets: Path) -> None:
    _, card = add_asset(mjcf, assets, AddOptions())
    assert card.root.mass == pytest.approx(1000 * 0.2 * 0.3 * 0.1, rel=1e-6)
    assert any("plane" in note for note in card.notes)
    model = articulated("chest")
    np.testing.assert_allclose(model.root.bounds, [[-0.1, -0.15, -0.05], [0.1, 0.15, 0.05]], atol=1e-6)
    joint = model.parts["lid"].joint
    np.testing.assert_allclose(joint.position, [0.11, 0.0, 0.06], atol=1e-6)
    np.testing.assert_allclose(joint.anchor, [-0.21, 0.0, 0.0], atol=1e-6)
    assert (joint.friction, joint.damping) == pytest.approx((0.02, 0.3))


def test_what_opens_backwards_is_turned_round(mjcf: Path, assets: Path) -> None:
    _, card = add_asset(mjcf, assets, AddOptions())
    joint = card.parts["lid"].joint
    assert (joint.lower, joint.upper) == pytest.approx((0.0, np.pi / 2))
    assert joint.axis == pytest.approx((0.0, -1.0, 0.0))
    assert any("hinge was turned round" in note for note in card.notes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('range="-90 0"', 'type="ball"', "joint 'hinge' is of type 'ball'. Allowed: hinge, slide"),
        ('range="-90 0"', 'type="slide"', "slides without limits"),
        (
            "<freejoint/>",
            '<freejoint/><geom size="1"/></body><body name="other"><geom size="1"/>',
            "one thing.*chest, other",
        ),
        ("<mujoco>", "<mojoco>", "cannot be read as MJCF"),
        ('<joint name="hinge"', '<joint axis="1 0 0"/><joint name="hinge"', "body 'lid' has 2 joints"),
        ('damping="0.3"', 'damping="-0.3"', "joint 'hinge': damping: -0.3 is out of range"),
        ('frictionloss="0.02"', 'frictionloss="-0.02"', "joint 'hinge': friction: -0.02 is out of range"),
        ('range="-90 0"', 'type="slide" range="0 1e9"', "joint 'hinge': upper limit: .* is out of range"),
        ('size="0.1 0.15 0.005"', 'size="0.1 0.15 0.005" mass="1e9"', "link 'lid': mass: .* is out of range"),
    ],
)
def test_bad_mjcfs(mjcf: Path, assets: Path, old: str, new: str, message: str) -> None:
    mjcf.write_text(mjcf.read_text().replace(old, new))
    with pytest.raises(BadInput, match=message):
        add_asset(mjcf, assets, AddOptions())


def test_an_mjcf_body_with_a_mass_alone_keeps_it(mjcf: Path, assets: Path) -> None:
    mass = '<inertial pos="0 0 0.01" mass="2" diaginertia="0 0 0"/>'
    mjcf.write_text(mjcf.read_text().replace("<freejoint/>", mass))
    _, card = add_asset(mjcf, assets, AddOptions())
    assert card.root.mass == pytest.approx(2.0)
    assert card.root.center_of_mass == pytest.approx((0.0, 0.0, 0.01))
    moments = 2.0 / 12 * np.array([0.3**2 + 0.1**2, 0.2**2 + 0.1**2, 0.2**2 + 0.3**2])
    np.testing.assert_allclose(np.diag(card.root.unit_inertia) * card.root.density, moments, rtol=1e-5)
    assert any("the file gives chest a mass but no inertia" in note for note in card.notes)


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


def test_cards_say_what_was_assumed(urdf: Path, assets: Path) -> None:
    add_asset(urdf, assets, AddOptions(source="my workshop", licence="CC0"))
    card = read_card(assets / "cabinet")
    assert (card.source, card.licence) == ("my workshop", "CC0")
    assert any("'hinge' turns without end" in note for note in card.notes)
    assert "no mass in the file for shell, knob: density assumed 1000 kg/m^3 (water)" in card.notes
