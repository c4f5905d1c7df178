"""Stages of a chained task: sub-tasks that are done one after the other, each with a label for what is recorded."""

from __future__ import annotations

from pydantic import Field

from simgen.spec.base import Name, Spec, Text
from simgen.spec.terms import Condition


class StageSpec(Spec):
    """One sub-task; the next one begins in the control step in which it is done."""

    name: Name = Field(description="Unique name of the stage, e.g. mug_on_tray.")
    instruction: Text = Field(
        default="", description="What the robot is told to do in it; placeholders as in the task's own instruction."
    )
    done: Condition = Field(description="When it is done. What happens to it afterwards is for `success` to ask.")
