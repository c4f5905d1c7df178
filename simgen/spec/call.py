"""Short forms of terms: what `cube_pose` and `when: grasped` stand for, and what an observation is called."""

from __future__ import annotations

from collections.abc import Iterable

from simgen.spec.registry import Term
from simgen.spec.terms import RewardSpec, TermCall

_SUFFIXES = ("pose", "position", "velocity")


def observation_call(call: TermCall, bodies: Iterable[str]) -> TermCall:
    """Returns the call that a short form stands for: `cube_pose` is pose(body=cube); others come back as they are."""
    body, underscore, suffix = call.name.rpartition("_")
    if underscore and suffix in _SUFFIXES and not call.parameters and body in set(bodies):
        return TermCall(name=suffix, parameters={"body": body})
    return call


def observation_label(call: TermCall) -> str:
    """Returns the key of an observation: `cube_pose` for pose(body=cube), else the name and the objects it names."""
    names = [value for value in call.parameters.values() if isinstance(value, str)]
    if call.name in _SUFFIXES and names:
        return f"{names[0]}_{call.name}"
    return "_".join([call.name, *names])


def gate_call(reward: RewardSpec, condition: Term) -> TermCall:
    """Returns the condition of a reward's `when`, with those of its parameters that the reward's own term has."""
    shared = {name: value for name, value in reward.term.parameters.items() if name in condition.parameters}
    return TermCall(name=condition.name, parameters=shared)
