"""Which stage of a chained task each world is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from simgen.env.terms.bind import bind_condition
from simgen.env.worlds import Worlds
from simgen.spec.stages import StageSpec
from simgen.world import host


class Stages:
    """Goes on to the next stage of each world when the one under way is done; never back within an episode.

    Args:
        stages: Of the task, in their order; may be none.
        num_envs: E.
        device: Where the worlds are.

    Attributes:
        current: Index of the stage under way; their number when all are done. Shape: (E,), int64.
    """

    def __init__(self, stages: Sequence[StageSpec], num_envs: int, device: torch.device) -> None:
        self._stages = tuple(stages)
        self._done: list[Callable[[], torch.Tensor]] = []
        self.current = torch.zeros(num_envs, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self._stages)

    def bind(self, worlds: Worlds) -> None:
        """Looks at these worlds from now on."""
        self._done = [bind_condition(stage.done, worlds) for stage in self._stages]

    def begin(self, env_ids: torch.Tensor) -> None:
        """Starts with the first stage in worlds whose episode begins."""
        self.current[env_ids] = 0

    def step(self) -> None:
        """Goes on where the stage under way is done now; several stages can be done at once."""
        for index, done in enumerate(self._done):
            here = self.current == index
            if host.may_be_any(here):
                self.current.masked_fill_(here & done(), index + 1)

    def all_done(self) -> torch.Tensor:
        """Says in which worlds every stage has been done; in none if there are no stages. Shape: (E,)."""
        return (self.current == len(self)) & (len(self) > 0)

    def share_done(self) -> torch.Tensor:
        """Returns the share of the stages that are done, 0..1. Shape: (E,)."""
        return self.current.float() / max(len(self), 1)

    def observation(self) -> torch.Tensor:
        """Returns the index of the stage under way, then one-hot; all zeros where all are done. (E, 1 + stages)."""
        one_hot = self.current[:, None] == torch.arange(len(self), device=self.current.device)
        return torch.cat([self.current[:, None].float(), one_hot.float()], -1)
