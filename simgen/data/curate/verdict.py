"""What a filter says of an episode, and what a filter is."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from simgen.data.curate.subject import Subject


@dataclass(frozen=True)
class Verdict:
    """One filter's judgement of one episode.

    Args:
        value: What was measured; None where nothing could be.
        threshold: What it was compared with.
        keep: Whether the episode passes.
        reason: Why not; or why nothing could be measured.
        frame: Where it shows best, counted from 0; None where no frame stands out.
    """

    value: float | None
    threshold: float | None
    keep: bool = True
    reason: str = ""
    frame: int | None = None

    def record(self) -> dict[str, Any]:
        """As it stands in curation.jsonl; a value that is not finite is null, and the reason says so."""
        values = asdict(self)
        for name in ("value", "threshold"):
            number = values[name]
            values[name] = round(number, 9) if number is not None and math.isfinite(number) else None
        return values


def unmeasured(reason: str) -> Verdict:
    """The verdict of a filter that finds nothing to measure: the episode stays."""
    return Verdict(None, None, reason=reason)


def at_most(value: float, threshold: float, reason: str, frame: int | None = None) -> Verdict:
    """Passes a value up to a threshold; one that is not a number does not pass."""
    keep = value <= threshold
    return Verdict(float(value), float(threshold), keep, "" if keep else reason, frame)


def at_least(value: float, threshold: float, reason: str, frame: int | None = None) -> Verdict:
    """Passes a value from a threshold on; one that is not a number does not pass."""
    keep = value >= threshold
    return Verdict(float(value), float(threshold), keep, "" if keep else reason, frame)


class Judge(Protocol):
    """A filter that looks at one episode at a time."""

    def judge(self, subject: Subject) -> Verdict:
        """Measures an episode and compares the result with the filter's threshold."""
        ...
