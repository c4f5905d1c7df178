"""Who acts: random policies for the random phase, way-point teachers for the teacher phase, behind one protocol."""

from __future__ import annotations

from simgen.policy.base import Policy, Step
from simgen.policy.registry import POLICIES, make_policy

__all__ = ["POLICIES", "Policy", "Step", "make_policy"]
