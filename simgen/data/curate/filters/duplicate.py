"""Episodes that are nearly the same as one before: the same pictures and the same motion."""

from __future__ import annotations

from pydantic import Field

from simgen.data.curate.section import Positive, Section, Share


class DuplicateSpec(Section):
    """Drops all but the first of episodes that are nearly the same; two are if all of these hold."""

    picture: Share = Field(
        default=0.15, description="share of the bits of the perceptual hashes of their pictures that differ at most"
    )
    color: Positive = Field(
        default=10.0, description="difference of colour of an eighth by an eighth of a picture at most, 0..255"
    )
    position: Positive = Field(default=0.005, description="of their bodies, at any of eight moments [m]")
    joint: Positive = Field(default=0.02, description="of their joints [rad or m]")
    action: Positive = Field(
        default=0.02, description="of the mean of their actions up to that moment, as a share of their range"
    )
