"""The settings of all filters, as a YAML file has them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from simgen.data.curate.filters.balance import BalanceSpec
from simgen.data.curate.filters.blank import BlankSpec
from simgen.data.curate.filters.cut import CutSpec
from simgen.data.curate.filters.duplicate import DuplicateSpec
from simgen.data.curate.filters.energy import EnergySpec
from simgen.data.curate.filters.explosion import ExplosionSpec
from simgen.data.curate.filters.fallen import FallenSpec
from simgen.data.curate.filters.finite import FiniteSpec
from simgen.data.curate.filters.flicker import FlickerSpec
from simgen.data.curate.filters.length import LengthSpec
from simgen.data.curate.filters.occlusion import OcclusionSpec
from simgen.data.curate.filters.overflow import OverflowSpec
from simgen.data.curate.filters.penetration import PenetrationSpec
from simgen.data.curate.filters.saturation import SaturationSpec
from simgen.data.curate.filters.static import StaticSpec
from simgen.data.curate.filters.success import SuccessSpec
from simgen.data.curate.filters.teleport import TeleportSpec
from simgen.data.curate.section import Section
from simgen.data.files import canonical_json
from simgen.spec.base import Spec
from simgen.spec.document import read_yaml
from simgen.spec.load import checked, read_text

VERSION = 1  # of what the filters measure; other versions' judgements are not used


class CurateConfig(Spec):
    """Which filters are on, and their thresholds."""

    finite: FiniteSpec = Field(default_factory=FiniteSpec)
    overflow: OverflowSpec = Field(default_factory=OverflowSpec)
    penetration: PenetrationSpec = Field(default_factory=PenetrationSpec)
    explosion: ExplosionSpec = Field(default_factory=ExplosionSpec)
    teleport: TeleportSpec = Field(default_factory=TeleportSpec)
    energy: EnergySpec = Field(default_factory=EnergySpec)
    fallen: FallenSpec = Field(default_factory=FallenSpec)
    success: SuccessSpec = Field(default_factory=SuccessSpec)
    length: LengthSpec = Field(default_factory=LengthSpec)
    saturation: SaturationSpec = Field(default_factory=SaturationSpec)
    occlusion: OcclusionSpec = Field(default_factory=OcclusionSpec)
    blank: BlankSpec = Field(default_factory=BlankSpec)
    static: StaticSpec = Field(default_factory=StaticSpec)
    flicker: FlickerSpec = Field(default_factory=FlickerSpec)
    cut: CutSpec = Field(default_factory=CutSpec)
    duplicate: DuplicateSpec = Field(default_factory=DuplicateSpec)
    balance: BalanceSpec = Field(default_factory=BalanceSpec)

    @property
    def sections(self) -> dict[str, Section]:
        """The settings by filter, in the order in which they are applied."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    def written(self) -> dict[str, Any]:
        """All settings, JSON-able."""
        return self.model_dump(mode="json")


def digest_of(section: Section) -> str:
    """Tells the settings of a filter apart from others of the same filter."""
    return hashlib.sha256(canonical_json([VERSION, section.model_dump(mode="json")])).hexdigest()[:16]


def load_config(path: str | Path | None) -> CurateConfig:
    """Reads settings; what the file does not say is the default.

    Raises:
        BadInput: It cannot be read, or names something that there is not: one line for each fault, with the nearest.
    """
    if path is None:
        return CurateConfig()
    path = Path(path)
    document = read_yaml(read_text(path), path.name)
    document.data = {} if document.data is None else document.data
    return checked(document, CurateConfig)


def config_text(config: CurateConfig | None = None) -> str:
    """Returns settings as YAML with a comment on each, for `--config` to read."""
    lines = ["# Settings of `simgen curate DIR --out OUT --config FILE`; what is left out has the value shown here."]
    for name, section in (config or CurateConfig()).sections.items():
        lines += ["", f"# {(type(section).__doc__ or '').strip().splitlines()[0]}", f"{name}:"]
        fields = type(section).model_fields
        for key, value in section.model_dump(mode="json").items():
            shown = yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip()
            lines.append(f"  {key}: {shown}  # {fields[key].description}")
    return "\n".join(lines) + "\n"
