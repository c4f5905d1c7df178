from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simgen.errors import BadInput, SimgenError
from simgen.world.robot import files
from simgen.world.robot.card import RobotCard, list_robots, load_card, read_card
from simgen.world.robot.urdf import read_urdf


def test_the_robots_have_cards():
    assert {"panda", "panda_stick", "panda_wristcam", "so100", "xarm7"} <= set(list_robots())


def test_a_stick_has_no_fingers():
    card = load_card("panda_stick")
    assert card.gripper is None
    assert card.finger_links == ()
    assert len(card.drives) == card.dof == card.num_arm_joints == 7


def test_a_card_fits_its_urdf(card: RobotCard):
    urdf = read_urdf(card)
    moving = [joint for joint in urdf.joints if joint.kind != "fixed"]
    assert {joint.name for joint in moving} == set(card.joint_names)
    links = {card.tcp_link, *card.finger_links, *card.hull_visuals}
    assert links <= set(urdf.links)
    limits = {joint.name: (joint.lower, joint.upper) for joint in moving}
    for name, value in zip(card.joint_names, card.rest_qpos, strict=True):
        assert limits[name][0] <= value <= limits[name][1]


def test_a_card_says_where_the_robot_comes_from(card: RobotCard):
    assert "https://github.com/" in card.source
    assert "Apache-2.0" in card.licence or "BSD" in card.licence
    assert len(card.licence_note) > 40


def test_panda_has_maniskills_values():
    card = load_card("panda")
    assert (card.stiffness, card.damping, card.force_limit) == (1000.0, 100.0, 100.0)
    assert (card.joint_delta, card.ee_delta.position, card.ee_delta.rotation) == (0.1, 0.1, 0.1)
    assert card.gripper is not None
    assert (card.gripper.closed, card.gripper.open, card.finger_friction) == (-0.01, 0.04, 2.0)
    assert card.base_xyz == (-0.615, 0.0, 0.0)


def test_an_unknown_robot_gets_the_nearest_name():
    with pytest.raises(BadInput, match="did you mean 'panda'"):
        load_card("pnda")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("stiffness_typo: 3\nbase_link", "base_link"), "stiffness_typo"),
        (("rest_qpos: [0]\nbase_link", "base_link"), "rest_qpos has 1 numbers for 9 joints"),
        (("finger_links: []\n#", "finger_links:"), "finger_links has 0 names; with a gripper it has 2"),
        (("armature: -1\nbase_link", "base_link"), "armature"),
        (("[unclosed\nbase_link", "base_link"), "not YAML"),
    ],
)
def test_a_wrong_card_names_the_field(tmp_path: Path, change: tuple[str, str], message: str):
    text = (Path(__file__).parents[3] / "assets/robots/panda.yaml").read_text()
    if change[0].startswith("rest_qpos"):
        text = "\n".join(line for line in text.splitlines() if not line.startswith("rest_qpos"))
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace(change[1], change[0], 1))
    with pytest.raises(BadInput, match=message):
        read_card(path)


def test_a_missing_wheel_is_a_clear_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "_PACKAGE", "a_package_that_is_not_there")
    files.mani_skill_robots_dir.cache_clear()
    try:
        with pytest.raises(SimgenError, match="pip install mani_skill"):
            files.robot_file("panda/panda_v2.urdf")
    finally:
        files.mani_skill_robots_dir.cache_clear()


def test_mani_skill_is_not_imported():
    code = (
        "import sys; from simgen.world.robot.card import load_card; from simgen.world.robot.urdf import read_urdf; "
        "read_urdf(load_card('panda')); sys.exit('mani_skill' in sys.modules or 'sapien' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
