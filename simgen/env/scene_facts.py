"""Numbers that follow from the scenes: worked out when an episode begins, and kept where the worlds are."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import torch

from simgen.world.engine.base import Engine
from simgen.world.scene.scene import Scene

Fact = Callable[[Scene], float | torch.Tensor]


class SceneFacts:
    """One row of numbers for each of E worlds, for everything that was asked for.

    Args:
        engine: The worlds.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[Hashable, tuple[Fact, torch.Tensor]] = {}

    def get(self, key: Hashable, fact: Fact) -> torch.Tensor:
        """Returns what `fact` says of the scene of each world. Shape: (E, ...), float32.

        Args:
            key: What it is; the same key always means the same.
            fact: Gives a number, or a tensor of the CPU's.
        """
        if key not in self._known:
            self._known[key] = (fact, self._rows(fact, list(range(self._engine.num_envs))))
        return self._known[key][1]

    def begin(self, env_ids: torch.Tensor) -> None:
        """Looks at the scenes of worlds whose episodes have started."""
        for fact, rows in self._known.values():
            rows[env_ids] = self._rows(fact, env_ids.tolist())

    @torch.inference_mode(False)  # they outlive the block that asks first
    def _rows(self, fact: Fact, env_ids: list[int]) -> torch.Tensor:
        rows = [torch.as_tensor(fact(self._engine.scene(env)), dtype=torch.float32) for env in env_ids]
        return torch.stack(rows).to(self._engine.device)
