from __future__ import annotations

import newton
import numpy as np
import pytest
import warp as wp

from simgen.errors import SimgenError
from simgen.world.robot.card import RobotCard, load_card
from simgen.world.robot.hull import HULL_VERTICES
from simgen.world.robot.model import base_transform, link_index, robot_builder


def test_joints_and_drives_are_the_cards(card: RobotCard):
    builder = robot_builder(card)
    assert builder.joint_coord_count == builder.joint_dof_count == card.dof
    assert np.allclose(builder.joint_q, card.rest_qpos)
    assert builder.joint_target_ke == [drive.stiffness for drive in card.drives]
    assert builder.joint_effort_limit == [drive.force_limit for drive in card.drives]
    assert set(builder.joint_target_mode) == {int(newton.JointTargetMode.POSITION)}


def test_shapes_are_few_and_convex_and_only_collide(card: RobotCard):
    builder = robot_builder(card)
    assert builder.shape_count <= 18
    kinds = (newton.GeoType.BOX, newton.GeoType.CYLINDER, newton.GeoType.CONVEX_MESH)
    assert set(builder.shape_type) <= {int(kind) for kind in kinds}
    assert all(len(source.vertices) <= HULL_VERTICES for source in builder.shape_source if source is not None)
    assert all(flags & int(newton.ShapeFlags.COLLIDE_SHAPES) for flags in builder.shape_flags)
    assert max(builder.shape_gap) == 0.0


def test_fingers_have_their_own_friction(card: RobotCard):
    builder = robot_builder(card)
    fingers = {link_index(builder, link) for link in card.finger_links}
    for shape, body in enumerate(builder.shape_body):
        assert builder.shape_material_mu[shape] == (card.finger_friction if body in fingers else card.link_friction)


def test_no_pair_of_a_robots_shapes_collides(card: RobotCard):
    builder = robot_builder(card)
    count = builder.shape_count
    filtered = {tuple(sorted(pair)) for pair in builder.shape_collision_filter_pairs}
    assert len(filtered) == count * (count - 1) // 2


def test_listed_pairs_may_collide():
    card = load_card("panda").model_copy(update={"self_collisions": [("panda_leftfinger", "panda_rightfinger")]})
    builder = robot_builder(card)
    left, right = (
        [s for s, body in enumerate(builder.shape_body) if body == link_index(builder, link)]
        for link in card.finger_links
    )
    filtered = {tuple(sorted(pair)) for pair in builder.shape_collision_filter_pairs}
    assert not filtered & {tuple(sorted((a, b))) for a in left for b in right}
    assert len(filtered) == builder.shape_count * (builder.shape_count - 1) // 2 - len(left) * len(right)


def test_the_base_stands_where_it_is_put(card: RobotCard):
    for xform in (None, wp.transform(wp.vec3(0.1, 0.2, 0.3), wp.quat_rpy(0.0, 0.0, 0.5))):
        builder = robot_builder(card, xform, collisions=False)
        base = builder.joint_child.index(link_index(builder, card.base_link))
        assert builder.joint_parent[base] == -1
        assert builder.joint_type[base] == newton.JointType.FIXED
        expected = np.array(base_transform(card) if xform is None else xform)
        assert np.allclose(np.array(builder.joint_X_p[base]), expected, atol=1e-6)


def test_a_card_that_does_not_fit_its_urdf_is_an_error():
    card = load_card("panda")
    swapped = card.model_copy(update={"arm_joints": card.arm_joints[::-1]})
    with pytest.raises(SimgenError, match="names the joints"):
        robot_builder(swapped)


def test_the_drives_hold_the_rest_pose_and_follow_targets(card: RobotCard):
    arm = slice(0, card.num_arm_joints)
    model = robot_builder(card).finalize(device="cpu")
    solver = newton.solvers.SolverMuJoCo(model, use_mujoco_cpu=True)
    states, control = [model.state(), model.state()], model.control()
    target, position = wp.to_torch(control.joint_target_q), wp.to_torch(states[0].joint_q)

    def run(seconds: float) -> None:
        for _ in range(round(seconds / 0.008)):
            solver.step(states[0], states[1], control, None, 0.004)
            solver.step(states[1], states[0], control, None, 0.004)

    run(0.5)
    assert (position - target)[arm].abs().max() < 1e-3
    target[arm] += 0.1
    if card.gripper is not None:
        target[arm.stop :] = card.gripper.closed
    run(1.0)
    assert (position - target)[arm].abs().max() < 1e-3
    if card.gripper is None:
        return
    closed = max(card.gripper.closed, model.joint_limit_lower.numpy()[arm.stop])
    assert position[arm.stop].item() == pytest.approx(closed, abs=1e-3)
