"""Actions that lie at their limits most of the time: a controller that was asked for more than it can do."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from simgen.data.curate.section import Section, Share
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured

_NEAR = 1e-3  # of the range counts as the limit
_SWITCHES = ("gripper",)  # dimensions that are meant to be at one end or the other


class SaturationSpec(Section):
    """Drops episodes whose actions are at their limits."""

    most: Share = Field(
        default=0.75, description="share of the values at a limit, over all steps and dimensions but grippers"
    )


class Saturation:
    """Compares actions with the limits that the dataset notes."""

    def __init__(self, spec: SaturationSpec) -> None:
        self._most = spec.most

    def judge(self, subject: Subject) -> Verdict:
        """The value is the share of values at a limit; the frame begins the longest stretch with half of them there."""
        noted = subject.facts.limits()
        actions = subject.small["actions"]
        actions = actions.reshape(len(actions), -1)
        if noted is None or len(noted[0]) != actions.shape[1]:
            return unmeasured("the dataset does not say what the limits of the actions are")
        low, high, names = noted
        own = [not any(word in name for word in _SWITCHES) for name in names]
        own = np.asarray(own) & (high > low)
        if not own.any():
            return unmeasured("has no actions but those of grippers")
        margin = _NEAR * (high - low)
        at_limit = ((actions <= low + margin) | (actions >= high - margin))[:, own]
        share = float(at_limit.mean())
        frame = _longest_run(at_limit.mean(axis=1) >= 0.5)
        return at_most(share, self._most, f"{share:.0%} of the actions' values are at a limit", frame)


def _longest_run(flags: np.ndarray) -> int:
    """Where the longest stretch of true values begins."""
    best, start, length = 0, 0, 0
    for index, flag in enumerate([*flags.tolist(), False]):
        if flag:
            length += 1
            continue
        if length > best:
            best, start = length, index - length
        length = 0
    return start
