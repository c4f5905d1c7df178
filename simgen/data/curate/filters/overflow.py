"""Episodes whose engine says that it had no room for all contacts."""

from __future__ import annotations

from pydantic import Field

from simgen.data.curate.section import Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_most


class OverflowSpec(Section):
    """Drops episodes that are flagged as not to be trusted."""

    flags: tuple[str, ...] = Field(
        default=("overflow",), description="words that a flag of the episode must not contain"
    )


class Overflow:
    """Looks at the flags with which an episode was recorded."""

    def __init__(self, spec: OverflowSpec) -> None:
        self._words = spec.flags

    def judge(self, subject: Subject) -> Verdict:
        """The value is how many such flags there are."""
        found = [flag for flag in subject.episode.flags if any(word in flag for word in self._words)]
        return at_most(len(found), 0, f"flagged {', '.join(found)}")
