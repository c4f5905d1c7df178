"""The pushing teacher: contacts that a tool can reach, pushes as mechanics has them, and a T on its mark in the end."""

from __future__ import annotations

import math

import pytest
import torch

import simgen
from simgen.policy import make_policy
from simgen.policy.push.plan import best_push, block_of, pose_error, predicted, push_on
from simgen.world.scene.objects import make_object
from simgen.world.scene.plan import plan_pieces
from simgen.world.scene.seed import episode_seed

TOOL = 0.008
BOX = plan_pieces((make_object("box", size=(0.1, 0.06, 0.04)),))
TEE = plan_pieces((make_object("t_shape", length=0.2, bar=0.2, width=0.05, height=0.04),))


def test_centre_and_spread_of_the_area() -> None:
    box = block_of(BOX, TOOL)
    torch.testing.assert_close(box.center, torch.zeros(1, 2), atol=1e-6, rtol=0)
    assert box.radius.item() == pytest.approx(math.hypot(0.1, 0.06) / math.sqrt(12.0))
    tee = block_of(TEE, TOOL)
    middle = (0.15 * 0.05 * -0.025 + 0.2 * 0.05 * 0.075) / (0.15 * 0.05 + 0.2 * 0.05)
    torch.testing.assert_close(tee.center, torch.tensor([[middle, 0.0]]), atol=1e-6, rtol=0)


def test_contacts_lie_on_the_outside_where_the_tool_has_room() -> None:
    tee = block_of(TEE, TOOL)
    points, normals = tee.points[tee.usable], tee.normals[tee.usable]
    tools = points - normals * (TOOL + 0.001)
    in_stem = (tools[:, 0].abs() < 0.1) & (tools[:, 1].abs() < 0.025)
    in_bar = (tools[:, 0] > 0.05) & (tools[:, 0] < 0.1) & (tools[:, 1].abs() < 0.1)
    assert not (in_stem | in_bar).any()
    corner = torch.tensor([0.05, 0.025])  # the inner one, where the tool would sit in both pieces
    assert (points - corner).norm(dim=-1).min() > TOOL
    assert len(points) > 40


def test_a_push_through_the_middle_does_not_turn_and_one_beside_it_does() -> None:
    box = block_of(BOX, TOOL)
    start = torch.zeros(1, box.points.shape[1], 3)
    _, poses = predicted(box, start, torch.zeros(1, 3))
    pushed = poses[0, :, 9]  # by 10 steps of 5 mm
    along_y = box.normals[0, :, 1] > 0.5
    arm = box.points[0, :, 0]
    central = along_y & (arm.abs() < 0.004)
    assert central.any()
    torch.testing.assert_close(pushed[central, 1], torch.full_like(pushed[central, 1], 0.05), atol=2e-3, rtol=0)
    assert pushed[central, 2].abs().max() < 0.1
    assert (pushed[along_y & (arm > 0.02), 2] > 0.2).all()
    assert (pushed[along_y & (arm < -0.02), 2] < -0.2).all()


def test_pushes_go_towards_the_goal_and_end_there() -> None:
    box = block_of(BOX, TOOL)
    pose, goal = torch.zeros(1, 3), torch.tensor([[0.0, 0.06, 0.0]])
    push = best_push(box, pose, goal)
    assert box.normals[0, push.contact[0], 1] > 0.5
    assert push.length.item() == pytest.approx(0.06, abs=0.011)
    assert push.error.item() < 0.5 * pose_error(box, pose, goal).item()
    assert push_on(box, goal, goal, push.contact).length.item() == 0.0


@pytest.mark.slow
def test_it_brings_the_t_onto_its_mark() -> None:
    env = simgen.make("push_t", num_envs=4, images=False)
    seeds = [episode_seed(0, "push_t", "teacher", index) for index in range(4)]
    env.start(range(4), seeds)
    teacher = make_policy("teacher", env)
    teacher.reset(range(4), seeds)
    solved = torch.zeros(4, dtype=torch.bool)
    for _ in range(env.max_steps):
        solved |= env.advance(teacher.act({}).action).success
        if solved.all():
            break
    env.close()
    assert solved.sum() >= 3
