"""How sure a success rate is."""

from __future__ import annotations

import math

_Z95 = 1.959963984540054


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a success rate; (0, 1) without trials.

    Reference: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
    """
    if trials < 1:
        return 0.0, 1.0
    rate, z2 = successes / trials, _Z95 * _Z95
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials * trials)) / (1 + z2 / trials)
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high
