"""The Policy protocol: what generation and evaluation need of anything that acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch


@dataclass(frozen=True, eq=False)
class Step:
    """What a policy does in one control step.

    Args:
        action: What is executed. Shape: (E, A).
        label: What is recorded as the action: the same, or the clean action where noise was added. Shape: (E, A).
        gave_up: Worlds in which it is pointless to go on. Shape: (E,), bool.
    """

    action: torch.Tensor
    label: torch.Tensor
    gave_up: torch.Tensor


class Policy(Protocol):
    """Acts in E worlds; everything random about an episode comes from its seed."""

    def reset(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Tells that episodes with these seeds start in these worlds."""
        ...

    def act(self, obs: dict[str, Any]) -> Step:
        """Returns what to do in all worlds."""
        ...
