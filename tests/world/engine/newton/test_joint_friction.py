"""Dry friction holds a joint until its drive pulls harder."""

from __future__ import annotations

import pytest
from small_tasks import Bench, standing, task_of

pytestmark = pytest.mark.slow

PULL = 0.004  # [rad]: times the Panda's stiffness of 1000 N m/rad, 4 N m


@pytest.mark.parametrize(("friction", "moved"), [(0.0, PULL), (3.0, 0.001), (5.0, 0.0)])
def test_a_joint_moves_until_its_drive_pulls_no_harder_than_its_friction(friction: float, moved: float) -> None:
    randomize = {"robot.joint_friction": {"choose": [friction]}}
    robot = {"use": "panda", "qpos_noise": 0.0}
    bench = Bench(task_of({"cube": standing({"box": [0.04, 0.04, 0.04]}, y=0.3)}, robot=robot, randomize=randomize))
    bench.reset([0])
    target = bench.engine.state().qpos
    start = float(target[0, 0])
    target[:, 0] += PULL
    bench.engine.set_targets(target)
    state = bench.step(20)
    assert float(state.qpos[0, 0]) - start == pytest.approx(moved, abs=0.1 * PULL)
