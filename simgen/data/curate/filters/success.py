"""Episodes that did not succeed, where success is wanted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from simgen.data.curate.section import Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, unmeasured
from simgen.data.recorded import UNLABELLED


class SuccessSpec(Section):
    """Drops episodes that failed, of phases that are there to show how it is done."""

    wanted: Annotated[bool, Strict()] = Field(default=True, description="false keeps the failures instead")
    phases: tuple[str, ...] = Field(
        default=("teacher", "human"), description="phases of which it is wanted; [] means all"
    )


class Success:
    """Compares what an episode achieved with what is wanted."""

    def __init__(self, spec: SuccessSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is 1 for a success, 0 for a failure."""
        episode, wanted = subject.episode, self._spec.wanted
        if self._spec.phases and episode.phase not in self._spec.phases:
            return unmeasured(f"not asked of phase {episode.phase}")
        if UNLABELLED in episode.flags:
            return unmeasured("nobody says whether it succeeded")
        keep = episode.success == wanted
        reason = "" if keep else ("did not succeed" if wanted else "succeeded")
        return Verdict(float(episode.success), float(wanted), keep, reason, None if keep else episode.length)
