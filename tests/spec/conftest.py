"""A registry with three robots and a small task that uses most of the spec."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from simgen.spec import Registry, default_registry

GOOD = """\
name: sort
instruction: "put the {cube.color} {cube.kind} at the goal"
robot: {use: panda, control: pd_ee_delta_pose}
episode: {max_steps: 60, control_hz: 20, sim_hz: 100}
scene:
  table: {use: table, texture: wood}
  objects:
    cube:
      choose: [{box: [0.04, 0.04, 0.04]}, {mug: {seed: 3}}]
      color: {choose: [red, blue]}
      mass: {log_uniform: [0.05, 0.5]}
      pose: {on: table, xy: {uniform: [[-0.1, -0.1], [0.1, 0.1]]}, yaw_deg: {uniform: [-90, 90]}}
    bowl:
      bowl: {}
      pose: {beside: cube, distance: 0.2}
    goal:
      marker: {sphere: 0.02}
      pose: {above: table, xy: [0, 0], z: {uniform: [0.05, 0.3]}}
cameras:
  base: {eye: [0.3, 0, 0.6], look_at: [-0.1, 0, 0.1], fov_deg: 60, outputs: [rgb, depth]}
observe: {policy: [qpos, goal_position], privileged: [cube_pose, is_grasped]}
reward:
  - {reach: {body: cube, scale: 5}}
  - {place: {body: cube, at: goal}, weight: 2, when: grasped}
success: {all: [{near: {body: cube, at: goal, within: 0.03}}, {not: {grasped: {body: bowl}}}]}
randomize:
  cube.friction: {uniform: [0.5, 1.5]}
  camera.base.eye: {jitter: 0.02}
  light: {intensity: {scale: [0.8, 1.2]}}
teacher:
  - {move: {to: cube, offset: [0, 0, 0.1]}, gripper: open, seconds: 0.5}
  - {grip: close, check: {grasped: {body: cube}}}
  - {move: {to: goal, carry: cube, frame: "towards:bowl"}}
  - {wait: 0.2}
"""


@pytest.fixture(scope="session")
def good() -> str:
    return GOOD


@pytest.fixture(scope="session")
def registry() -> Registry:
    links = {"panda": ("panda_link0", "panda_hand")}
    return dataclasses.replace(default_registry(), robots=("panda", "quadruped", "so100"), links=links)


@pytest.fixture
def task_file(tmp_path: Path, good: str) -> Path:
    path = tmp_path / "sort.yaml"
    path.write_text(good, encoding="utf-8")
    return path
