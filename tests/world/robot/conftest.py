from __future__ import annotations

import numpy as np
import pytest
import torch

from simgen.world.robot.card import GripperCard, RobotCard, list_robots, load_card
from simgen.world.robot.kinematics import Kinematics

NUM_PROBLEMS = 256


def is_arm(name: str) -> bool:
    card = load_card(name)
    return card.base == "fixed" and card.tcp_link is not None


@pytest.fixture(scope="session", params=[name for name in list_robots() if is_arm(name)])
def card(request: pytest.FixtureRequest) -> RobotCard:
    """The card of each arm that is bolted down; other robots have tests of their own."""
    return load_card(request.param)


@pytest.fixture(scope="session")
def gripper(card: RobotCard) -> GripperCard:
    if card.gripper is None:
        pytest.skip("a robot without a gripper")
    return card.gripper


@pytest.fixture(scope="session")
def kinematics(card: RobotCard) -> Kinematics:
    return Kinematics(card, NUM_PROBLEMS)


@pytest.fixture
def qpos(kinematics: Kinematics) -> torch.Tensor:
    """Joint positions spread over the limits (at most +-2.5 rad), away from the ends. Shape: (100, dof)."""
    generator = np.random.default_rng(0)
    lower, upper = (limit.numpy().clip(-2.5, 2.5) for limit in (kinematics.lower, kinematics.upper))
    share = generator.uniform(0.05, 0.95, (100, len(lower)))
    return torch.from_numpy(lower + share * (upper - lower)).float()
