"""What a policy sees beside the images, and what only a teacher, a critic or a report may see."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simgen.spec.base import Spec
from simgen.spec.terms import TermCall

_Group = Annotated[tuple[TermCall, ...], Field(max_length=100)]


class ObserveSpec(Spec):
    """Groups of observations. `<object>_pose` is short for `{pose: {body: <object>}}`; likewise position, velocity."""

    policy: _Group = Field(default=(TermCall(name="qpos"), TermCall(name="qvel")), description="What the policy sees.")
    privileged: _Group = Field(
        default=(), description="What is true in the simulation and a real robot would not know."
    )
