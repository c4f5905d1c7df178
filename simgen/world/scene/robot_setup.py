"""Draws how a robot begins an episode: joints, drives, delay, pushes, command."""

from __future__ import annotations

import numpy as np

from simgen.spec.task import TaskSpec
from simgen.world.robot.card import RobotCard
from simgen.world.scene.draws import Draws
from simgen.world.scene.scene import Place, Push, RobotSetup
from simgen.world.scene.seed import stream

PUSH_INTERVAL = 2.0  # [s], on average


def draw_robot(
    task: TaskSpec, card: RobotCard, limits: tuple[np.ndarray, np.ndarray], place: Place | None, draws: Draws
) -> RobotSetup:
    """Draws how a robot begins an episode, and what its drives are like.

    Args:
        task: The task.
        card: The robot.
        limits: Of its joints, lower and upper [rad or m]. Shape: (D,) each.
        place: What it stands in, if it begins where a place has drawn.
        draws: Of the episode.
    """
    qpos = np.asarray(card.rest_qpos, float)
    loose = slice(card.arm.start, card.hand.start)  # arm and passive joints
    noise = stream(draws.seed, "robot", "qpos").normal(0.0, task.robot.qpos_noise, loose.stop - loose.start)
    qpos[loose] = np.clip(qpos[loose] + noise, *(limit[loose] for limit in limits))
    if place is not None and task.robot.start == "free":
        qpos[:3] = place.start
        draws.values["robot.start"] = place.start.tolist()
    gains = float(draws.value("robot.gains", None, 1.0))
    return RobotSetup(
        qpos=qpos,
        stiffness_scale=gains * float(draws.value("robot.stiffness", None, 1.0)),
        damping_scale=gains * float(draws.value("robot.damping", None, 1.0)),
        armature_scale=float(draws.value("robot.armature", None, 1.0)),
        friction_scale=float(draws.value("robot.friction", None, 1.0)),
        joint_friction=float(draws.value("robot.joint_friction", None, 0.0)),
        force_scale=float(draws.value("robot.motor_strength", None, 1.0)),
        delay=draws.count("robot.delay"),
        push=draw_push("robot", draws),
        command=draws.value("robot.command", task.robot.command),
    )


def draw_push(name: str, draws: Draws) -> Push | None:
    """Draws the pushes of an object or of the robot, or None where there are none."""
    force = float(draws.value(f"{name}.push", None, 0.0))
    interval = float(draws.value(f"{name}.push_interval", None, PUSH_INTERVAL))
    return Push(force, interval) if force > 0.0 else None
