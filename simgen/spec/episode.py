"""How long an episode is and how often things happen in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from simgen.spec.base import Bounds, Spec, wrong


class EpisodeSpec(Spec):
    """Length and rates of an episode."""

    max_steps: Annotated[int, Bounds(1, 100000, "control steps")] = Field(
        default=100, description="Length [control steps]."
    )
    control_hz: Annotated[int, Bounds(1, 1000, "Hz")] = Field(default=20, description="Actions per second [Hz].")
    sim_hz: Annotated[int, Bounds(1, 10000, "Hz")] = Field(
        default=100, description="Physics steps per second [Hz]: a multiple of control_hz."
    )

    @model_validator(mode="after")
    def _sensible(self) -> EpisodeSpec:
        if self.sim_hz % self.control_hz:
            near = max(1, round(self.sim_hz / self.control_hz)) * self.control_hz
            raise wrong(
                f"control_hz {self.control_hz} does not divide sim_hz {self.sim_hz}. "
                f"Allowed: sim_hz a multiple of control_hz, e.g. {near}"
            )
        return self

    @property
    def substeps(self) -> int:
        """Physics steps per control step."""
        return self.sim_hz // self.control_hz

    @property
    def control_seconds(self) -> float:
        """Duration of a control step [s]."""
        return 1.0 / self.control_hz
