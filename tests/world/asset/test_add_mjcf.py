"""MJCF files: hinges, gaps in what they say of masses, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_assets import articulated

from simgen.errors import BadInput
from simgen.world.asset.add import AddOptions, add_asset

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
