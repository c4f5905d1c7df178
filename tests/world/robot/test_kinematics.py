from __future__ import annotations

import mujoco
import numpy as np
import pytest
import torch

from simgen.errors import SimgenError
from simgen.world.robot.card import GripperCard, RobotCard, load_card
from simgen.world.robot.kinematics import Kinematics
from simgen.world.robot.urdf import read_urdf
from simgen.world.rotation import conjugate, from_rotation_vector, multiply, rotate, to_rotation_vector

DEG = np.pi / 180


def mujoco_model(card: RobotCard) -> mujoco.MjModel:
    """The robot as MuJoCo's own URDF parser reads it."""
    compiler = '<mujoco><compiler fusestatic="false" boundmass="0.01" boundinertia="0.0001"/></mujoco></robot>'
    return mujoco.MjModel.from_xml_string(read_urdf(card).kinematic_text.replace("</robot>", compiler))


def test_forward_agrees_with_mujoco(card: RobotCard, kinematics: Kinematics, qpos: torch.Tensor):
    model = mujoco_model(card)
    data = mujoco.MjData(model)
    columns = [model.jnt_qposadr[model.joint(name).id] for name in card.joint_names]
    position, quaternion = kinematics.forward(qpos)
    for row, q in enumerate(qpos.numpy()):
        data.qpos[columns] = q
        mujoco.mj_kinematics(model, data)
        tool = data.body(card.tcp_link)
        rotation = tool.xmat.reshape(3, 3)
        assert position[row].numpy() == pytest.approx(tool.xpos + rotation @ card.tcp_xyz, abs=2e-6)
        expected = np.zeros(4)
        mujoco.mju_mulQuat(expected, tool.xquat, np.array(card.tcp_quaternion))
        assert abs(expected @ quaternion[row].numpy()) == pytest.approx(1.0, abs=1e-6)


def test_the_tool_points_down_at_rest(card: RobotCard, kinematics: Kinematics):
    _, quaternion = kinematics.forward(torch.tensor([card.rest_qpos]))
    forward = rotate(quaternion, torch.tensor([[0.0, 0.0, 1.0]]))
    assert forward[0].tolist() == pytest.approx([0, 0, -1], abs=1e-3)


def test_the_fingers_close_along_y_of_the_tool(card: RobotCard, gripper: GripperCard):
    model = mujoco_model(card)
    data = mujoco.MjData(model)
    tip = "Moving_Jaw_tip" if card.name == "so100" else card.finger_links[1]
    offsets = []
    for share in (0.0, 0.5):
        data.joint(gripper.joints[-1]).qpos[0] = gripper.closed * (1 - share) + gripper.open * share
        mujoco.mj_kinematics(model, data)
        rotation = data.body(card.tcp_link).xmat.reshape(3, 3)
        local = rotation.T @ (data.body(tip).xpos - data.body(card.tcp_link).xpos)
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, np.array(card.tcp_quaternion))
        offsets.append(matrix.reshape(3, 3).T @ local)
    opening = offsets[1] - offsets[0]
    assert opening[1] / np.linalg.norm(opening) < -0.95  # the second finger opens towards -y


def test_jacobian_agrees_with_finite_differences(card: RobotCard, kinematics: Kinematics, qpos: torch.Tensor):
    jacobian = kinematics.jacobian(qpos)
    step = 2e-3
    for joint in range(card.dof):
        shift = torch.zeros(card.dof)
        shift[joint] = step
        ahead, turned_ahead = kinematics.forward(qpos + shift)
        behind, turned_behind = kinematics.forward(qpos - shift)
        linear = (ahead - behind) / (2 * step)
        angular = to_rotation_vector(multiply(turned_ahead, conjugate(turned_behind))) / (2 * step)
        assert torch.allclose(jacobian[:, :3, joint], linear, atol=1e-3)
        assert torch.allclose(jacobian[:, 3:, joint], angular, atol=1e-3)


def test_inverse_reaches_reachable_poses(card: RobotCard, kinematics: Kinematics, qpos: torch.Tensor):
    position, quaternion = kinematics.forward(qpos)
    start = torch.tensor(card.rest_qpos).expand_as(qpos)
    result = kinematics.inverse(position, quaternion, start)
    assert result.reached(1e-3, 0.5 * DEG).all()
    reached, turned = kinematics.forward(result.qpos)
    assert torch.linalg.vector_norm(reached - position, dim=1).max() < 1e-3
    turn = to_rotation_vector(multiply(turned, conjugate(quaternion)))
    assert torch.linalg.vector_norm(turn, dim=1).max() < 0.5 * DEG
    arm = slice(0, card.num_arm_joints)
    assert (result.qpos >= kinematics.lower)[:, arm].all()
    assert (result.qpos <= kinematics.upper)[:, arm].all()
    assert torch.equal(result.qpos[:, card.num_arm_joints :], start[:, card.num_arm_joints :])


def test_inverse_stays_near_a_good_start(card: RobotCard, kinematics: Kinematics):
    start = torch.tensor(card.rest_qpos).repeat(50, 1)
    generator = torch.Generator().manual_seed(0)
    nearby = start.clone()
    nearby[:, : card.num_arm_joints] += 0.1 * torch.randn(50, card.num_arm_joints, generator=generator)
    nearby = torch.minimum(torch.maximum(nearby, kinematics.lower), kinematics.upper)
    result = kinematics.inverse(*kinematics.forward(nearby), start, attempts=1)
    assert result.reached().all()
    assert (result.qpos - start).abs().max() < 0.6


def test_inverse_reports_what_it_cannot_reach(card: RobotCard, kinematics: Kinematics):
    start = torch.tensor([card.rest_qpos])
    far = torch.tensor([[5.0, 0.0, 0.5]])
    result = kinematics.inverse(far, torch.tensor([[0.0, 1.0, 0.0, 0.0]]), start)
    assert not result.reached().any()
    reached, _ = kinematics.forward(result.qpos)
    assert result.position_error.item() == pytest.approx(torch.linalg.vector_norm(far - reached).item(), rel=1e-4)
    assert (result.qpos >= kinematics.lower).all()
    assert (result.qpos <= kinematics.upper).all()


def test_so100_reaches_down_with_any_yaw():
    card = load_card("so100")
    kinematics = Kinematics(card, 8)
    start = torch.tensor(card.rest_qpos).repeat(8, 1)
    _, down = kinematics.forward(start)
    turn = torch.zeros(8, 3)
    turn[:, 2] = torch.linspace(-1.2, 1.2, 8)
    position = torch.tensor([[0.03, -0.22, 0.03]]).repeat(8, 1)
    result = kinematics.inverse(position, multiply(from_rotation_vector(turn), down), start)
    assert result.reached(2e-3, 1 * DEG).all()


def test_a_problem_does_not_depend_on_its_batch(kinematics: Kinematics, qpos: torch.Tensor):
    position, quaternion = kinematics.forward(qpos)
    start = torch.tensor(kinematics.card.rest_qpos).expand_as(qpos)
    together = kinematics.inverse(position, quaternion, start).qpos
    alone = torch.cat([kinematics.inverse(position[i : i + 1], quaternion[i : i + 1], start[:1]).qpos for i in (3, 40)])
    assert torch.equal(together[[3, 40]], alone)


def test_results_are_not_overwritten_by_the_next_call(kinematics: Kinematics, qpos: torch.Tensor):
    first, _ = kinematics.forward(qpos)
    kept = first.clone()
    kinematics.forward(qpos + 0.1)
    assert torch.equal(first, kept)


def test_too_many_problems_are_an_error():
    kinematics = Kinematics(load_card("panda"), 2)
    with pytest.raises(SimgenError, match="2 problems at once, not 3"):
        kinematics.forward(torch.zeros(3, 9))
