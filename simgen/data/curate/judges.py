"""All filters that look at one episode at a time, with the settings that a user gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simgen.data.curate.config import CurateConfig
from simgen.data.curate.filters.blank import Blank
from simgen.data.curate.filters.cut import Cut
from simgen.data.curate.filters.energy import Energy
from simgen.data.curate.filters.explosion import Explosion
from simgen.data.curate.filters.fallen import Fallen
from simgen.data.curate.filters.finite import Finite
from simgen.data.curate.filters.flicker import Flicker
from simgen.data.curate.filters.length import Length
from simgen.data.curate.filters.occlusion import Occlusion
from simgen.data.curate.filters.overflow import Overflow
from simgen.data.curate.filters.penetration import Penetration
from simgen.data.curate.filters.saturation import Saturation
from simgen.data.curate.filters.static import Static
from simgen.data.curate.filters.success import Success
from simgen.data.curate.filters.teleport import Teleport
from simgen.data.curate.verdict import Judge

JUDGES: Mapping[str, Callable[[Any], Judge]] = {
    "finite": Finite,
    "overflow": Overflow,
    "penetration": Penetration,
    "explosion": Explosion,
    "teleport": Teleport,
    "energy": Energy,
    "fallen": Fallen,
    "success": Success,
    "length": Length,
    "saturation": Saturation,
    "occlusion": Occlusion,
    "blank": Blank,
    "static": Static,
    "flicker": Flicker,
    "cut": Cut,
}
DUPLICATE, BALANCE = "duplicate", "balance"  # what looks at all episodes together
UNREADABLE = "unreadable"  # the reason of an episode that cannot be read


def judges_of(config: CurateConfig) -> dict[str, Judge]:
    """Returns the filters that are on, by name."""
    return {name: make(getattr(config, name)) for name, make in JUDGES.items() if getattr(config, name).enabled}
