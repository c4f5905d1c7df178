"""Terms: the observations, rewards and conditions that a spec names, each a function of the state of all worlds."""

from __future__ import annotations

from simgen.env.terms.bind import bind_condition, bind_observations, bind_rewards

__all__ = ["bind_condition", "bind_observations", "bind_rewards"]
