"""Worlds do not touch each other: neither a reset nor the size of the batch changes what another world does."""

from __future__ import annotations

import pytest
import torch
from small_tasks import Bench, floating, rows_of, standing, task_of

SEEDS = (3, 1, 4, 1, 5)
STEPS = 12
OBJECTS = {
    "block": {
        "choose": [{"box": [0.05, 0.04, 0.06]}, {"cylinder": {"radius": 0.02, "height": 0.07}}, {"sphere": 0.03}],
        "scale": {"uniform": [0.8, 1.2]},
        "pose": {"on": "table", "xy": {"uniform": [[-0.1, -0.2], [0.1, -0.1]]}, "yaw": {"uniform": [-3, 3]}},
    },
    "mug": floating({"mug": {"seed": 1}}, 0.15, y=0.15),
    "wall": standing({"box": [0.02, 0.2, 0.1]}, x=0.2, fixed=True),
}
RANDOMIZE = {
    "block.mass": {"uniform": [0.05, 0.5]},
    "block.friction": {"uniform": [0.2, 1.5]},
    "robot.gains": {"uniform": [0.8, 1.2]},
    "physics.gravity": {"uniform": [-12, -8]},
}


def run(bench: Bench, interrupt: dict[int, int] | None = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Moves the arm and pushes the block for some steps; `interrupt` gives a seed to worlds that reset half way."""
    push = torch.zeros(bench.num_envs, 6)
    push[:, 0] = 0.6
    target = bench.engine.state().qpos + torch.linspace(-0.3, 0.3, 9)
    states = []
    for step in range(STEPS):
        if interrupt and step == STEPS // 2:
            bench.reset(list(interrupt.values()), list(interrupt))
        bench.engine.set_targets(target)
        states.append(rows_of(bench.step(1, ("block", push))))
    return states


@pytest.fixture(scope="module")
def task():
    return task_of(OBJECTS, randomize=RANDOMIZE)


@pytest.fixture(scope="module")
def five(task) -> Bench:
    return Bench(task, 5)


@pytest.fixture(scope="module")
def uninterrupted(five: Bench) -> list[tuple[torch.Tensor, torch.Tensor]]:
    five.reset(SEEDS)
    return run(five)


def test_a_reset_changes_only_its_world(five: Bench, uninterrupted: list) -> None:
    five.reset(SEEDS)
    interrupted = run(five, interrupt={2: 99})
    others = [0, 1, 3, 4]
    for (joints, bodies), (joints_before, bodies_before) in zip(interrupted, uninterrupted, strict=True):
        assert torch.equal(joints[others], joints_before[others])
        assert torch.equal(bodies[others], bodies_before[others])
    assert not torch.equal(interrupted[-1][1][2], uninterrupted[-1][1][2])


def test_the_same_scene_moves_the_same_alone_and_in_any_world(task, uninterrupted: list) -> None:
    alone = Bench(task, 1)
    for world in (0, 2, 4):
        alone.reset([SEEDS[world]])
        for (joints, bodies), (all_joints, all_bodies) in zip(run(alone), uninterrupted, strict=True):
            assert torch.equal(joints[0], all_joints[world])
            assert torch.equal(bodies[0], all_bodies[world])
    assert torch.equal(uninterrupted[-1][1][1], uninterrupted[-1][1][3]), "worlds 1 and 3 have the same seed"
    assert not torch.equal(uninterrupted[-1][1][0], uninterrupted[-1][1][1])


def test_what_a_world_did_before_leaves_no_trace(five: Bench, uninterrupted: list) -> None:
    five.reset([21, 22, 23, 24, 25])
    run(five)
    five.reset(SEEDS[:2], [0, 1])
    five.reset(SEEDS[2:], [2, 3, 4])
    for now, before in zip(run(five), uninterrupted, strict=True):
        assert torch.equal(now[0], before[0])
        assert torch.equal(now[1], before[1])


def test_a_lost_world_recovers_and_does_not_spread(five: Bench, uninterrupted: list) -> None:
    five.reset(SEEDS)
    state = five.engine.state()
    state.body_position[1] = float("nan")
    five.engine.set_state(torch.arange(5), state)
    five.step(2)
    assert list(five.engine.problems()) == [1]
    assert "not finite" in five.engine.problems()[1]
    five.reset(SEEDS)
    assert five.engine.problems() == {}
    for now, before in zip(run(five), uninterrupted, strict=True):
        assert torch.equal(now[1], before[1])
