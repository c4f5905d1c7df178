"""Robots that drive, float, or are driven by forces: cards, models, control modes."""

from __future__ import annotations

import math

import newton
import numpy as np
import pytest
import torch

from simgen.errors import BadInput
from simgen.world.robot.card import RobotCard, list_robots, load_card
from simgen.world.robot.control.mode import make_action_mode, modes_of
from simgen.world.robot.inertia import link_inertias
from simgen.world.robot.kinematics import Kinematics
from simgen.world.robot.model import robot_builder
from simgen.world.robot.urdf import anchored_links, joint_limits, read_urdf


@pytest.fixture(params=list_robots())
def any_card(request: pytest.FixtureRequest) -> RobotCard:
    return load_card(request.param)


def test_every_card_fits_its_urdf(any_card: RobotCard):
    urdf = read_urdf(any_card)
    assert {joint.name for joint in urdf.joints if joint.kind != "fixed"} == set(any_card.joint_names)
    links = {any_card.body_link, any_card.push_link, any_card.tcp_link, *any_card.rubbing_links} - {None}
    assert links <= set(urdf.links)
    lower, upper = joint_limits(any_card)
    assert (lower <= any_card.rest_qpos).all()
    assert (any_card.rest_qpos <= upper).all()
    assert "https://" in any_card.source


def test_every_moment_of_inertia_is_that_of_a_solid(any_card: RobotCard):
    for link, inertia in link_inertias(read_urdf(any_card)).items():
        first, second, largest = np.linalg.eigvalsh(inertia.tensor)
        assert 0.0 < first <= largest <= (1.0 + 1e-6) * (first + second), link


def test_a_quadruped_weighs_what_its_source_says():
    card = load_card("quadruped")
    assert sum(inertia.mass for inertia in link_inertias(read_urdf(card)).values()) == pytest.approx(12.7, abs=0.1)
    builder = robot_builder(card)
    assert builder.joint_type[0] == newton.JointType.FREE
    assert builder.joint_coord_count == 7 + card.dof
    assert builder.joint_q[7:] == card.rest_qpos
    assert builder.joint_effort_limit[6:] == card.force_limit


def test_what_drives_does_not_rub_on_the_floor_and_what_floats_stands_on_it():
    assert {"base_link", "wheel_left", "wheel_right"} <= anchored_links(load_card("diff_drive"))
    assert "shoulder_pan_link" not in anchored_links(load_card("fetch"))
    assert anchored_links(load_card("quadruped")) == frozenset()
    assert anchored_links(load_card("panda")) == {"panda_link0", "panda_link1"}


def test_drives_are_told_what_their_mode_is_about():
    modes = [drive.mode for drive in load_card("fetch").drives]
    assert modes == ["velocity"] * 3 + ["position"] * 12
    assert [drive.mode for drive in load_card("cartpole").drives] == ["effort", "velocity"]


def test_a_base_goes_where_it_points_and_its_wheels_roll():
    card = load_card("diff_drive")
    base = card.planar_base
    assert base is not None
    mode = make_action_mode("base_velocity", card, Kinematics(card, 2))
    assert mode.names == ("forward", "turn")
    qpos = torch.zeros(2, card.dof)
    qpos[1, 2] = math.pi / 2
    velocity = mode.targets(torch.tensor([[1.0, 0.0], [0.5, 1.0]]), qpos).velocity
    assert velocity is not None
    assert velocity[0, :3].tolist() == pytest.approx([base.speed, 0.0, 0.0])
    assert velocity[1, :3].tolist() == pytest.approx([0.0, 0.5 * base.speed, base.turn], abs=1e-6)
    assert velocity[0, 3:].tolist() == pytest.approx([base.speed / 0.14] * 2)
    half_track = 0.2066 * base.turn
    expected = [(0.5 * base.speed + side * half_track) / 0.14 for side in (-1, 1)]
    assert velocity[1, 3:].tolist() == pytest.approx(expected, rel=1e-5)


def test_fetch_is_driven_as_in_maniskill_and_reaches_with_its_base_held():
    card = load_card("fetch")
    kinematics = Kinematics(card, 1)
    mode = make_action_mode("base_velocity", card, kinematics)
    assert (mode.dim, mode.names[:3], mode.names[-1]) == (13, ("forward", "turn", "torso_lift_joint"), "gripper")
    rest = torch.tensor([card.rest_qpos])
    moved = rest.clone()
    moved[0, :3] = torch.tensor([1.0, -2.0, 0.5])
    position, quaternion = kinematics.forward(rest)
    assert torch.equal(kinematics.forward(moved)[0], position), "the arm's pose is that in the base's frame"
    found = kinematics.inverse(position + torch.tensor([[0.05, 0.02, -0.05]]), quaternion, moved)
    assert found.reached().all()
    assert torch.equal(found.qpos[:, :3], moved[:, :3])
    assert torch.equal(found.qpos[:, 4:6], moved[:, 4:6]), "the head does not carry the tool"


def test_offsets_are_from_rest_and_zero_stands():
    card = load_card("quadruped")
    mode = make_action_mode("pd_joint_offset", card, Kinematics(card, 1))
    rest, anywhere = torch.tensor([card.rest_qpos]), torch.randn(1, 12)
    assert torch.allclose(mode.targets(torch.zeros(1, 12), anywhere).position, rest)
    assert torch.allclose(mode.targets(torch.full((1, 12), 0.5), anywhere).position - rest, torch.tensor(0.25))
    assert torch.allclose(mode.action_to_reach(anywhere, rest + 0.1, torch.ones(1)), torch.tensor(0.2), atol=1e-6)


def test_efforts_are_shares_of_the_largest_force():
    card = load_card("cartpole")
    mode = make_action_mode("effort", card, Kinematics(card, 1))
    effort = mode.targets(torch.tensor([[-0.5]]), torch.zeros(1, 2)).effort
    assert effort is not None
    assert effort.tolist() == [[-5.0, 0.0]]


@pytest.mark.parametrize(
    ("robot", "control", "allowed"),
    [
        ("quadruped", "pd_ee_pose", "pd_joint_pos, pd_joint_delta_pos, pd_joint_offset"),
        ("panda", "base_velocity", "pd_ee_delta_pose"),
        ("cartpole", "pd_joint_pos", "effort"),
        ("diff_drive", "effort", "base_velocity"),
    ],
)
def test_a_mode_that_a_robot_does_not_know_is_said_to_be_so(robot: str, control: str, allowed: str):
    card = load_card(robot)
    assert control not in modes_of(card)
    with pytest.raises(BadInput, match=f"the robot {robot} cannot be driven by '{control}'. Allowed: .*{allowed}"):
        make_action_mode(control, card, Kinematics(card, 1))


def test_a_robot_without_a_tool_has_no_arm_kinematics():
    with pytest.raises(BadInput, match="quadruped has no tool centre point"):
        Kinematics(load_card("quadruped"), 1).forward(torch.zeros(1, 12))
