"""Actions of which only the bounds are known: random policies can draw them, teachers cannot aim with them."""

from __future__ import annotations

import torch

from simgen.errors import BadInput


class NativeMode:
    """A control mode of an engine's own.

    Args:
        name: As the engine calls it.
        low, high: Bounds; may be infinite. Shape: (dim,).
    """

    has_gripper = False

    def __init__(self, name: str, low: torch.Tensor, high: torch.Tensor) -> None:
        self.name, self.low, self.high, self.dim = name, low.float(), high.float(), len(low)

    def action_to_reach(self, qpos: torch.Tensor, target_qpos: torch.Tensor, opening: torch.Tensor) -> torch.Tensor:
        """Is not there.

        Raises:
            BadInput: Always.
        """
        raise BadInput(f"a teacher cannot act in the control mode {self.name!r}, whose actions simgen does not know.")
