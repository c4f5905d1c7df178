"""URDF files with joints: what is merged, where parts are gripped, what they weigh, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_assets import articulated

from simgen.errors import BadInput
from simgen.world.asset import load_asset, read_card
from simgen.world.asset.add import AddOptions, add_asset, read_raw
from simgen.world.asset.build import BuildOptions, build
from simgen.world.asset.flatten import flatten


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


def test_cards_say_what_was_assumed(urdf: Path, assets: Path) -> None:
    add_asset(urdf, assets, AddOptions(source="my workshop", licence="CC0"))
    card = read_card(assets / "cabinet")
    assert (card.source, card.licence) == ("my workshop", "CC0")
    assert any("'hinge' turns without end" in note for note in card.notes)
    assert "no mass in the file for shell, knob: density assumed 1000 kg/m^3 (water)" in card.notes
