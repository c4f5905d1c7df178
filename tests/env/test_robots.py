"""Robots of all kinds in both engines: they move as told, their state can be put back, pushes move them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from simgen.env.task_env import TaskEnv
from simgen.errors import BadInput
from simgen.policy.waypoint.teacher import WaypointTeacher
from simgen.spec import load_task

ENGINES = ["newton", "maniskill"]
pytestmark = pytest.mark.slow


def env_of(robot: dict[str, Any], num_envs: int = 1, engine: str = "newton", **fields: Any) -> TaskEnv:
    mapping = {
        "name": "robots",
        "robot": {"qpos_noise": 0.0} | robot,
        "episode": {"max_steps": 100, "control_hz": 50, "sim_hz": 200},
        "scene": {"table": None},
    }
    return TaskEnv(load_task(mapping | fields), num_envs, engine=engine, images=False)


def act(env: TaskEnv, *action: float, steps: int = 1) -> None:
    numbers = torch.tensor([action or [0.0] * env.action_mode.dim]).repeat(env.num_envs, 1)
    for _ in range(steps):
        env.advance(numbers)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_base_drives_forward_and_turns(engine: str):
    env = env_of({"use": "diff_drive", "control": "base_velocity", "yaw_deg": 90}, engine=engine)
    act(env, 0.5, 0.0, steps=50)
    position, _ = env.worlds.base_pose
    assert position[0].tolist() == pytest.approx([0.0, 0.70, 0.0], abs=0.03), "0.75 m/s after 0.1 s of speeding up"
    linear, angular = env.worlds.base_velocity
    assert linear[0].tolist() == pytest.approx([0.75, 0.0, 0.0], abs=0.01)
    wheels = env.worlds.state.qpos[0, 3:]
    assert (0.14 * wheels).tolist() == pytest.approx([float(position[0, 1])] * 2, abs=0.06), "they roll"
    act(env, 0.0, 0.5, steps=50)
    linear, angular = env.worlds.base_velocity
    assert float(angular[0, 2]) == pytest.approx(1.0, abs=0.02)
    assert float(env.worlds.state.qpos[0, 2]) == pytest.approx(1.0, abs=0.05)
    env.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_floating_robots_state_is_recorded_and_can_be_put_back(engine: str):
    env = env_of({"use": "quadruped", "control": "pd_joint_offset"}, engine=engine)
    act(env, *[0.6, -0.6, 0.3] * 4, steps=8)
    state = env.engine.state()
    recorded = type(state)(**{name: value.clone() for name, value in vars(state).items()})
    row = env.env_states()["articulations/quadruped"]
    assert row.shape == (1, 13 + 2 * 12)
    assert torch.allclose(row[:, :3], state.link_position[:, 0])
    assert torch.allclose(row[:, 7:13], state.root_velocity)
    assert state.root_velocity.abs().max() > 0.01, "it moves"
    act(env, steps=10)
    env.engine.set_state(torch.tensor([0]), recorded)
    now = env.engine.state()
    for name in ("qpos", "qvel", "link_position", "root_velocity"):
        assert torch.allclose(getattr(now, name), getattr(recorded, name), atol=1e-4), name
    env.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cart_is_pushed_by_a_force_and_the_pole_swings(engine: str):
    env = env_of({"use": "cartpole", "control": "effort"}, engine=engine)
    act(env, 1.0, steps=5)
    # 10 N on 1.1 kg for 0.1 s; the pole, hinged at its end, weighs a quarter of its mass at first
    assert float(env.worlds.state.qvel[0, 0]) == pytest.approx(10 * 0.1 / (1.0 + 0.1 / 4), rel=0.03)
    assert float(env.worlds.state.qpos[0, 1]) < -0.03
    env.close()


def test_weaker_motors_push_less_and_stay_so_in_their_own_world():
    env = env_of(
        {"use": "cartpole", "control": "effort"}, 8, randomize={"robot.motor_strength": {"choose": [0.5, 1.0]}}
    )
    act(env, 1.0, steps=5)
    strength = torch.tensor([env.engine.scene(world).values["robot.motor_strength"] for world in range(8)])
    assert len(set(strength.tolist())) == 2
    speed = env.worlds.state.qvel[:, 0]
    assert torch.allclose(speed / strength, speed.max().expand(8), rtol=0.03)
    env.close()


def test_a_push_moves_the_body_of_a_robot_without_a_tool():
    robot = {"use": "quadruped", "control": "pd_joint_offset"}
    pushed = {"robot.push": {"uniform": [200, 201]}, "robot.push_interval": {"uniform": [0.02, 0.021]}}
    speeds = []
    for randomize in ({}, pushed):
        env = env_of(robot, randomize=randomize)
        act(env)
        speeds.append(float(env.worlds.base_velocity[0][:, :2].norm()))
        env.close()
    assert speeds[1] > speeds[0] + 0.2


def test_fetch_stays_where_it_is_in_the_modes_of_its_arm():
    env = env_of({"use": "fetch", "control": "pd_ee_delta_pose"})
    start = env.worlds.tcp_position.clone()
    act(env, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, steps=10)
    assert env.worlds.state.qpos[0, :3].abs().max() < 5e-3
    assert float((env.worlds.tcp_position - start)[0, 0]) > 0.03
    env.close()


def test_what_needs_a_tool_says_so_for_a_robot_without(monkeypatch: pytest.MonkeyPatch):
    """Also where no file was checked against what the robot has."""
    monkeypatch.setattr("simgen.spec.robot_kinds.read_robot_kinds", lambda cards: {})
    robot = {"use": "quadruped", "control": "pd_joint_offset"}
    with pytest.raises(BadInput, match="tcp_pose: the robot quadruped has no tool centre point"):
        env_of(robot, observe={"policy": ["tcp_pose"]})
    scene = {"table": None, "objects": {"cube": {"box": [0.1, 0.1, 0.1], "pose": {"on": "ground", "xy": [1, 0]}}}}
    with pytest.raises(BadInput, match="reach: the robot quadruped has no tool centre point"):
        env_of(robot, scene=scene, reward=[{"reach": {"body": "cube"}}])
    env = env_of(
        robot,
        scene=scene,
        success={"lasted": {"seconds": 1}},
        teacher={"steps": [{"move": {"to": "cube"}, "seconds": 1}]},
    )
    with pytest.raises(BadInput, match="the robot quadruped has no tool centre point"):
        WaypointTeacher(env)
    env.close()


def test_a_robot_cannot_be_asked_for_a_mode_it_does_not_know():
    with pytest.raises(BadInput, match=r"robot.control: the robot cartpole cannot be driven by 'pd_joint_pos'"):
        env_of({"use": "cartpole", "control": "pd_joint_pos"})


def test_a_joint_that_is_not_there_gets_the_nearest_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("simgen.spec.robot_kinds.read_robot_kinds", lambda cards: {})
    condition = {"joint_within": {"joint": "hinges", "low": -1, "high": 1}}
    env = env_of({"use": "cartpole", "control": "effort"}, success=condition)
    with pytest.raises(BadInput, match="did you mean 'hinge'"):
        act(env)
    env.close()


def test_a_command_is_drawn_per_episode_and_observed():
    low, high = [0.2, -0.1, -0.5], [1.0, 0.1, 0.5]
    env = env_of(
        {"use": "quadruped", "control": "pd_joint_offset", "command": {"uniform": [low, high]}},
        4,
        observe={"policy": ["velocity_command", "last_action"]},
    )
    obs, _ = env.reset(seed=0)
    command = obs["extra"]["velocity_command"]
    assert ((command >= torch.tensor(low)) & (command <= torch.tensor(high))).all()
    assert len({tuple(row) for row in command.tolist()}) == 4
    assert env.engine.scene(0).values["robot.command"] == pytest.approx(command[0].tolist())
    assert not obs["extra"]["last_action"].any()
    obs = env.step(torch.full((4, 12), 0.25))[0]
    assert torch.equal(obs["extra"]["last_action"], torch.full((4, 12), 0.25))
    env.close()
