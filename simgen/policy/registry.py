"""Policies by name: what `--random-policy` and `--noise` mean."""

from __future__ import annotations

from simgen.env.base import BaseEnv
from simgen.errors import unknown
from simgen.policy.base import Policy
from simgen.policy.play import PlayPolicy
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
        return WaypointTeacher(env, noise)
    if name == PLAY:
        return PlayPolicy(env)
    if name not in NOISES:
        raise unknown("policy", name, POLICIES)
    return RandomPolicy(env, name)
