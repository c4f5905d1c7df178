"""The quadruped stands, trots, and begins on its ball; rewards know the difference."""

from __future__ import annotations

import math

import pytest
import torch

from simgen.env.task_env import TaskEnv
from simgen.spec import load_task

pytestmark = pytest.mark.slow
WORLDS = 2
# A trot found by a search over 48 gaits: strides per second, swing, lift of thigh and calf, offset of the thighs.
STRIDES, SWING, THIGH, CALF, OFFSET = 1.8, 0.9, 0.52, 0.9, -0.14


@pytest.fixture(scope="module")
def walk() -> TaskEnv:
    fixed = ("robot.command=[0.5, 0, 0]", "randomize={}")
    return TaskEnv(load_task("tasks/legged/quadruped_walk.yaml", fixed), WORLDS, images=False)


def trot(seconds: float) -> torch.Tensor:
    """Diagonal legs in turn: lifted while they swing forward, down while they push back. Shape: (E, 12)."""
    action = torch.zeros(WORLDS, 12)
    for leg, phase in enumerate((0.0, math.pi, math.pi, 0.0)):
        angle = 2.0 * math.pi * STRIDES * seconds + phase
        lift = max(0.0, math.sin(angle))
        action[:, 3 * leg + 1] = OFFSET + THIGH * lift + SWING * math.cos(angle)
        action[:, 3 * leg + 2] = -CALF * lift
    return action.clamp(-1.0, 1.0)


def reward_of(env: TaskEnv, action_at, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the reward and whether an episode was lost. Shape: (E,) each."""
    env.reset(seed=0)
    total, lost = torch.zeros(WORLDS), torch.zeros(WORLDS, dtype=torch.bool)
    for step in range(steps):
        outcome = env.advance(action_at(step * env.control_seconds))
        assert not outcome.problems
        total += outcome.reward * ~lost
        lost |= outcome.terminated & ~outcome.success
    return total, lost


def test_it_stands_for_five_seconds_under_no_action(walk: TaskEnv):
    _, fallen = reward_of(walk, lambda _: torch.zeros(WORLDS, 12), 250)
    state, card = walk.worlds.state, walk.card
    assert not fallen.any()
    assert (state.qpos - torch.tensor(card.rest_qpos)).abs().max() < 0.2
    assert state.root_velocity.abs().max() < 0.02
    assert state.link_position[:, 0, 2].min() > 0.25


def test_a_trot_walks_forward_and_is_worth_more_than_chance_or_standing(walk: TaskEnv):
    generator = torch.Generator().manual_seed(0)
    standing, _ = reward_of(walk, lambda _: torch.zeros(WORLDS, 12), 200)
    walking, fallen = reward_of(walk, trot, 200)
    assert not fallen.any()
    moved = walk.worlds.memory.mean_velocity
    assert moved[:, 0].min() > 0.3, "forward, on average [m/s]"
    assert moved[:, 1].abs().max() < 0.15
    chance, _ = reward_of(walk, lambda _: 2.0 * torch.rand(WORLDS, 12, generator=generator) - 1.0, 200)
    assert walking.min() > standing.max() > chance.max()


def test_it_trots_up_a_slope_and_its_feet_stay_on_it():
    rise = 0.12  # per metre
    slope = (
        "{slope: {length: 2.0, width: 8.0, height: 0.24, platform: 1.0}, fixed: true, pose: {on: ground, xy: [2.8, 0]}}"
    )
    changes = ("robot.command=[0.5, 0, 0]", "randomize={}", "failure=null", f"scene.objects.slope={slope}")
    env = TaskEnv(load_task("tasks/legged/quadruped_walk.yaml", changes), WORLDS, images=False)
    env.reset(seed=0)
    feet = [env.engine.link_names.index(name) for name in env.engine.link_names if name.endswith("_foot")]
    start = 2.8 - 2.5  # where the slope begins [m]
    for step in range(200):
        assert not env.advance(trot(step * env.control_seconds)).problems
        places = env.worlds.state.link_position[:, feet]
        assert (places[..., 2] - rise * (places[..., 0] - start).clamp(min=0.0)).amin() > -0.005, "no foot sinks in"
    base = env.worlds.base_pose[0]
    assert base[:, 0].min() > 0.8
    assert (base[:, 2] - rise * (base[:, 0] - start) - 0.27).abs().max() < 0.05, "it is up on the slope"
    env.close()


def test_it_begins_on_the_ball_and_falls_off_when_it_does_nothing():
    env = TaskEnv(load_task("tasks/legged/quadruped_ball.yaml", ("robot.qpos_noise=0.05",)), WORLDS, images=False)
    env.reset(seed=0)
    heights = []
    for _ in range(50):
        env.advance(torch.zeros(WORLDS, 12))
        heights.append(env.worlds.base_pose[0][:, 2].clone())
    assert torch.stack(heights).amin() > 1.0, "it stands on the ball for a second"
    feet = [link for link in env.engine.link_names if link.endswith("_foot")]
    assert all(env.worlds.touches("ball", foot).any() for foot in feet)
    lost = torch.zeros(WORLDS, dtype=torch.bool)
    for _ in range(350):
        outcome = env.advance(torch.zeros(WORLDS, 12))
        lost |= outcome.terminated & ~outcome.success
    assert lost.all(), "a ball has no stable place to stand on"
    env.close()
