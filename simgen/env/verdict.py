"""The one thing that the host reads of every control step: which worlds have ended, and which cannot be trusted."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from simgen.env.download import Arrival
from simgen.world.engine.base import Faults

_ENDED = 62  # the bit beside those of the faults


class Verdict:
    """What a control step means for the episodes under way.

    It is on its way to the host from the start; who asks first waits for it. So the device can be told what comes
    next, such as to draw, before the host waits.

    Args:
        ended: Worlds that are done. Shape: (E,), bool.
        faults: Of the step.
    """

    def __init__(self, ended: torch.Tensor, faults: Faults) -> None:
        self._reason = faults.reason
        self._arrival = Arrival({"bits": faults.bits.long() | (ended.long() << _ENDED)})

    @cached_property
    def _bits(self) -> np.ndarray:
        return self._arrival.rows()["bits"]

    @cached_property
    def ended(self) -> np.ndarray:
        """Which worlds are done. Shape: (E,), bool."""
        return self._bits >> _ENDED != 0

    @cached_property
    def problems(self) -> dict[int, str]:
        """The worlds that cannot be trusted, with the reason."""
        bits = self._bits & ~(1 << _ENDED)
        return {world: self._reason(int(bits[world])) for world in np.flatnonzero(bits).tolist()}
