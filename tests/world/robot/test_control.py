from __future__ import annotations

import pytest
import torch

from simgen.errors import BadInput
from simgen.world.robot.card import GripperCard, RobotCard, load_card
from simgen.world.robot.control.mode import ARM_MODES, ActionMode, make_action_mode
from simgen.world.robot.kinematics import Kinematics
from simgen.world.rotation import (
    conjugate,
    multiply,
    to_rotation_vector,
)

N = 32


@pytest.fixture(params=ARM_MODES)
def mode(request: pytest.FixtureRequest, card: RobotCard, kinematics: Kinematics) -> ActionMode:
    return make_action_mode(request.param, card, kinematics)


@pytest.fixture
def rest(card: RobotCard) -> torch.Tensor:
    return torch.tensor(card.rest_qpos).repeat(N, 1)


def nearby(card: RobotCard, qpos: torch.Tensor, distance: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    moved = qpos.clone()
    moved[:, : card.num_arm_joints] += distance * (2 * torch.rand(N, card.num_arm_joints, generator=generator) - 1)
    return moved


def test_bounds_are_maniskills(card: RobotCard, kinematics: Kinematics):
    arm = card.num_arm_joints
    for name in ("pd_joint_delta_pos", "pd_ee_delta_pose"):
        mode = make_action_mode(name, card, kinematics)
        assert mode.low.tolist() == [-1.0] * mode.dim
        assert mode.high.tolist() == [1.0] * mode.dim
    mode = make_action_mode("pd_joint_pos", card, kinematics)
    assert torch.equal(mode.low[:arm], kinematics.lower[:arm])
    assert mode.has_gripper == (card.gripper is not None)
    assert mode.dim == arm + int(mode.has_gripper)
    assert make_action_mode("pd_ee_pose", card, kinematics).high[:3].tolist() == [2.0] * 3


def test_targets_have_a_row_per_world_and_a_column_per_joint(mode: ActionMode, card: RobotCard, rest: torch.Tensor):
    action = mode.low + (mode.high - mode.low) * torch.rand(N, mode.dim, generator=torch.Generator().manual_seed(0))
    targets = mode.targets(action, rest).position
    assert targets.shape == (N, card.dof)
    assert targets.isfinite().all()


def test_an_action_to_reach_a_near_target_reaches_it(
    mode: ActionMode, card: RobotCard, kinematics: Kinematics, rest: torch.Tensor
):
    target = nearby(card, rest, 0.02)
    action = mode.action_to_reach(rest, target, torch.ones(N))
    assert (action >= mode.low).all()
    assert (action <= mode.high).all()
    position, quaternion = kinematics.forward(mode.targets(action, rest).position)
    wanted, turned = kinematics.forward(target)
    assert torch.allclose(position, wanted, atol=5e-4)
    assert torch.linalg.vector_norm(to_rotation_vector(multiply(quaternion, conjugate(turned))), dim=1).max() < 5e-3


def test_an_action_to_reach_a_far_target_stays_in_bounds_and_leads_there(
    mode: ActionMode, card: RobotCard, kinematics: Kinematics, rest: torch.Tensor
):
    target = nearby(card, rest, 0.4)
    target = torch.minimum(torch.maximum(target, kinematics.lower), kinematics.upper)
    wanted, _ = kinematics.forward(target)
    qpos = rest
    for _ in range(25):
        action = mode.action_to_reach(qpos, target, torch.ones(N))
        assert (action >= mode.low - 1e-6).all()
        assert (action <= mode.high + 1e-6).all()
        qpos = mode.targets(action, qpos).position
    position, _ = kinematics.forward(qpos)
    assert torch.linalg.vector_norm(position - wanted, dim=1).max() < 2e-3


@pytest.mark.parametrize("name", ["panda", "panda_wristcam", "xarm7"])
def test_ee_delta_moves_along_the_axes_of_the_base(name: str):
    card = load_card(name)
    kinematics, rest = Kinematics(card, N), torch.tensor(card.rest_qpos).repeat(N, 1)
    mode = make_action_mode("pd_ee_delta_pose", card, kinematics)
    before, turned_before = kinematics.forward(rest)
    for axis in range(3):
        action = torch.zeros(N, 7)
        action[:, axis] = 0.5
        position, quaternion = kinematics.forward(mode.targets(action, rest).position)
        assert torch.allclose(position - before, 0.05 * torch.eye(3)[axis].expand(N, 3), atol=1e-4)
        assert torch.allclose((quaternion * turned_before).sum(dim=1).abs(), torch.ones(N), atol=1e-6)


@pytest.mark.parametrize("name", ["panda", "panda_wristcam", "xarm7"])
def test_ee_delta_turns_as_maniskill_does(name: str):
    """ManiSkill 3.0.1 multiplies the rotation by its lower bound, -0.1 rad."""
    card = load_card(name)
    kinematics, rest = Kinematics(card, N), torch.tensor(card.rest_qpos).repeat(N, 1)
    mode = make_action_mode("pd_ee_delta_pose", card, kinematics)
    before, turned_before = kinematics.forward(rest)
    action = torch.zeros(N, 7)
    action[:, 5] = 3.0  # cut to length 1
    position, quaternion = kinematics.forward(mode.targets(action, rest).position)
    turn = to_rotation_vector(multiply(quaternion, conjugate(turned_before)))
    assert torch.allclose(turn, torch.tensor([0.0, 0.0, -0.1]).expand(N, 3), atol=1e-3)
    assert torch.allclose(position, before, atol=1e-4)


def test_the_panda_gripper_follows_one_number():
    card = load_card("panda")
    mode = make_action_mode("pd_joint_delta_pos", card, Kinematics(card, 3))
    action = torch.zeros(3, 8)
    action[:, -1] = torch.tensor([-1.0, 0.0, 2.0])
    targets = mode.targets(action, torch.tensor(card.rest_qpos).repeat(3, 1)).position
    assert targets[:, 7].tolist() == pytest.approx([-0.01, 0.015, 0.04])
    assert torch.equal(targets[:, 7], targets[:, 8])


def test_the_so100_gripper_is_one_more_joint_as_in_maniskill():
    card = load_card("so100")
    kinematics = Kinematics(card, 1)
    rest = torch.tensor([card.rest_qpos])
    absolute = make_action_mode("pd_joint_pos", card, kinematics)
    assert (absolute.low[-1].item(), absolute.high[-1].item()) == pytest.approx((-1.1, 1.1))
    assert torch.allclose(absolute.targets(rest + 0.01, rest).position, rest + 0.01)
    delta = make_action_mode("pd_joint_delta_pos", card, kinematics)
    change = delta.targets(torch.ones(1, 6), rest).position - rest
    assert change[0].tolist() == pytest.approx([0.05] * 5 + [0.2])


def test_opening_and_closing_reach_the_ends(
    mode: ActionMode, card: RobotCard, gripper: GripperCard, rest: torch.Tensor
):
    first = card.num_arm_joints
    for opening, wanted in ((0.0, gripper.closed), (1.0, gripper.open)):
        qpos = rest
        for _ in range(12):
            qpos = mode.targets(mode.action_to_reach(qpos, rest, torch.full((N,), opening)), qpos).position
        assert torch.allclose(qpos[:, first], torch.full((N,), wanted), atol=1e-5)


def test_an_unknown_mode_gets_the_nearest_name(card: RobotCard, kinematics: Kinematics):
    with pytest.raises(BadInput, match="did you mean 'pd_joint_pos'"):
        make_action_mode("pd_joint_po", card, kinematics)
