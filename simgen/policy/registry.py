"""Policies by name: what `--random-policy` and `--noise` mean."""

from __future__ import annotations

from simgen.env.base import BaseEnv
from simgen.errors import BadInput, unknown
from simgen.policy.base import Policy
from simgen.policy.planner.teacher import PlannerTeacher
from simgen.policy.play import PlayPolicy
from simgen.policy.push.teacher import PushTeacher
from simgen.policy.random import NOISES, RandomPolicy
from simgen.policy.waypoint.teacher import WaypointTeacher

PLAY = "play"
POLICIES = (*NOISES, PLAY, "teacher")


def make_policy(name: str, env: BaseEnv, noise: float = 0.0) -> Policy:
    """Makes a policy for the worlds of an environment.

    Raises:
        BadInput: If there is no such policy, or the task has no teacher.
    """
    if name == "teacher":
        return make_teacher(env, noise)
    if name == PLAY:
        return PlayPolicy(env)
    if name not in NOISES:
        raise unknown("policy", name, POLICIES)
    return RandomPolicy(env, name)


def make_teacher(env: BaseEnv, noise: float = 0.0) -> Policy:
    """Makes the teacher of the environment's task; see `make_policy`."""
    teacher = env.task.teacher
    if teacher is None:
        raise BadInput(f"task {env.task.name!r} has no `teacher`; add one or generate with --teacher 0.")
    if teacher.push is not None:
        return PushTeacher(env, teacher.push, noise)
    if teacher.planner is not None:
        return PlannerTeacher(env, teacher.planner, noise)
    return WaypointTeacher(env, noise)
