"""Turns the terms that a spec names into functions of the worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from simgen.env.terms.condition import CONDITIONS
from simgen.env.terms.observation import OBSERVATIONS
from simgen.env.terms.reward import REWARDS
from simgen.env.worlds import Worlds
from simgen.errors import BadInput
from simgen.spec import gate_call, observation_call, observation_label
from simgen.spec.registry import Term, default_registry
from simgen.spec.terms import Condition, RewardSpec, TermCall
from simgen.spec.vocabulary import TERMS

_TOOL_TERMS = frozenset(term.name for term in TERMS if term.needs == "tool")

Test = Callable[[], torch.Tensor]


@dataclass(frozen=True)
class StepFacts:
    """What rewards may depend on beside the worlds.

    Args:
        action: Shape: (E, A).
        success: Whether the task is done. Shape: (E,).
        stages_done: Share of the stages that are done. Shape: (E,).
    """

    action: torch.Tensor
    success: torch.Tensor
    stages_done: torch.Tensor


Reward = Callable[[StepFacts], torch.Tensor]


def bind_observations(
    calls: Sequence[TermCall], worlds: Worlds, stage: Test | None = None
) -> dict[str, Callable[[], torch.Tensor]]:
    """Returns a function per observation, by its label; each gives (E, k). `stage` gives the observation `stage`."""
    bound: dict[str, Callable[[], torch.Tensor]] = {}
    for written in calls:
        call = observation_call(written, worlds.body_names())
        if call.name == "stage" and stage is not None:
            bound["stage"] = stage
        else:
            bound[observation_label(call)] = _bind(OBSERVATIONS[call.name], call, worlds)
    return bound


def bind_condition(condition: Condition, worlds: Worlds) -> Test:
    """Returns a function that says in which worlds a condition holds. Shape: (E,)."""
    if condition.all is not None:
        parts = [bind_condition(part, worlds) for part in condition.all]
        return lambda: torch.stack([part() for part in parts]).all(0)
    if condition.any is not None:
        parts = [bind_condition(part, worlds) for part in condition.any]
        return lambda: torch.stack([part() for part in parts]).any(0)
    if condition.not_ is not None:
        inner = bind_condition(condition.not_, worlds)
        return lambda: ~inner()
    return _bind(CONDITIONS[condition.call.name], condition.call, worlds)


def bind_rewards(rewards: Sequence[RewardSpec], worlds: Worlds) -> dict[str, Reward]:
    """Returns a function per summand, weighted, by a unique name; each gives (E,)."""
    conditions = default_registry().named("condition")
    bound: dict[str, Reward] = {}
    for reward in rewards:
        name = observation_label(reward.term)
        while name in bound:
            name += "_again"
        bound[name] = _bind_reward(reward, worlds, conditions)
    return bound


def _bind_reward(reward: RewardSpec, worlds: Worlds, conditions: dict[str, Term]) -> Reward:
    value = _reward_value(reward.term, worlds)
    if reward.when is None:
        return lambda facts: reward.weight * value(facts)
    gate_term = gate_call(reward, conditions[reward.when])
    gate = _bind(CONDITIONS[gate_term.name], gate_term, worlds)
    return lambda facts: reward.weight * value(facts) * gate().float()


def _reward_value(call: TermCall, worlds: Worlds) -> Reward:
    if call.name == "success":
        return lambda facts: facts.success.float()
    if call.name == "stages_done":
        return lambda facts: facts.stages_done
    if call.name == "action_penalty":
        return lambda facts: -facts.action.square().sum(-1)
    function = _bind(REWARDS[call.name], call, worlds)
    return lambda facts: function()


def _bind(function: Callable[..., torch.Tensor], call: TermCall, worlds: Worlds) -> Callable[[], torch.Tensor]:
    _require_tool(call, worlds)
    parameters = dict(call.parameters)
    return lambda: function(worlds, **parameters)


def _require_tool(call: TermCall, worlds: Worlds) -> None:
    card = worlds.card
    if card is None or card.tcp_link is not None:
        return
    if call.name in _TOOL_TERMS or "tcp" in call.parameters.values():
        raise BadInput(f"{call.name}: the robot {card.name} has no tool centre point, which this term needs.")
