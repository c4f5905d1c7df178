"""Numbers that are none: NaN and infinite values in states, actions, rewards and observations."""

from __future__ import annotations

import numpy as np

from simgen.data.curate.section import Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_most


class FiniteSpec(Section):
    """Drops episodes with values that are not numbers."""


class Finite:
    """Counts the values that are NaN or infinite."""

    def __init__(self, spec: FiniteSpec) -> None:
        pass

    def judge(self, subject: Subject) -> Verdict:
        """The value is how many there are."""
        count, first, where = 0, None, ""
        for path, array in subject.small.items():
            if array.dtype.kind != "f" or np.isfinite(array).all():
                continue
            bad = ~np.isfinite(array)
            count += int(bad.sum())
            row = int(np.argmax(bad.reshape(len(array), -1).any(axis=1))) if array.ndim else 0
            if first is None or row < first:
                first, where = row, path
        return at_most(count, 0, f"{count} values are no numbers, the first in {where}", first)
