"""Episodes that are too short or too long."""

from __future__ import annotations

from pydantic import Field, model_validator

from simgen.data.curate.section import Count, Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_least, at_most
from simgen.spec.base import wrong


class LengthSpec(Section):
    """Drops episodes by the number of their steps."""

    min_steps: Count = Field(default=5, description="steps at least")
    max_steps: Count | None = Field(default=None, description="steps at most; null is any number")

    @model_validator(mode="after")
    def _in_order(self) -> LengthSpec:
        if self.max_steps is not None and self.max_steps < self.min_steps:
            raise wrong(f"min_steps {self.min_steps} is more than max_steps {self.max_steps}. Allowed: not reversed")
        return self


class Length:
    """Counts the steps."""

    def __init__(self, spec: LengthSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the number of steps."""
        steps, most = subject.episode.length, self._spec.max_steps
        if most is not None and steps > most:
            return at_most(steps, most, f"{steps} steps")
        return at_least(steps, self._spec.min_steps, f"only {steps} steps")
