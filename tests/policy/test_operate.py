"""The way of the tool that operates a part: a line along a drawer, an arc around a hinge."""

from __future__ import annotations

import math

import pytest
import torch
from small_tasks import task_of

import simgen
from simgen.policy.waypoint.operate import way_of
from simgen.spec.teacher import OperateSpec
from simgen.world import rotation

WORLDS = 2
HINGE = torch.tensor([0.1, -0.5])


@pytest.fixture(scope="module")
def env():
    objects = {
        "cabinet": {"cabinet": {}, "fixed": True, "pose": {"on": "table", "xy": [0.3, 0.5], "yaw_deg": 180}},
        "faucet": {"faucet": {"opening": 1.5}, "fixed": True, "pose": {"on": "table", "xy": HINGE.tolist()}},
    }
    env = simgen.make(task_of(objects), num_envs=WORLDS, images=False)
    env.start(range(WORLDS), range(WORLDS))
    yield env
    env.close()


def test_a_drawer_is_followed_on_a_line_as_long_as_it_has_to_go(env) -> None:
    operate = OperateSpec(part="cabinet.drawer_1", opening=0.5)
    (position, quaternion), arc = way_of(operate, env.worlds)
    assert arc is None
    reach = env.engine.scene(0).bodies[1].hanging.joint.upper
    way = position - env.worlds.tcp_position
    assert torch.allclose(way, torch.tensor([-0.5 * reach, 0.0, 0.0]).float().expand(WORLDS, 3), atol=1e-5)
    assert torch.equal(quaternion, env.worlds.tcp_quaternion)


@pytest.mark.parametrize("turns", [True, False])
def test_a_lever_is_followed_on_an_arc_around_its_hub(env, turns: bool) -> None:
    operate = OperateSpec(part="faucet.lever", opening=1.0, turn_hand=turns)
    (position, quaternion), arc = way_of(operate, env.worlds)
    assert arc is not None
    start = env.worlds.tcp_position
    for share in (0.25, 0.5, 1.0):
        on_the_way, _ = arc.pose_at(torch.full((WORLDS,), share), start, env.worlds.tcp_quaternion)
        assert torch.allclose((on_the_way[:, :2] - HINGE).norm(dim=-1), (start[:, :2] - HINGE).norm(dim=-1), atol=1e-4)
        assert torch.allclose(on_the_way[:, 2], start[:, 2], atol=1e-5)
    before, after = start[0, :2] - HINGE, position[0, :2] - HINGE
    turned = math.atan2(after[1], after[0]) - math.atan2(before[1], before[0])
    assert turned % (2.0 * math.pi) == pytest.approx(1.5, abs=1e-3)
    hand = rotation.to_rotation_vector(rotation.multiply(quaternion, rotation.conjugate(env.worlds.tcp_quaternion)))
    expected = [0.0, 0.0, 1.5] if turns else [0.0, 0.0, 0.0]
    assert torch.allclose(hand[0], torch.tensor(expected), atol=1e-3)
