"""Datasets that were recorded elsewhere: their spec says where they come from instead of what to simulate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simgen.errors import BadInput
from simgen.spec.load import MIXTURE

SOURCE = "source"  # the field of a dataset's spec that tells recorded data from simulated ones
UNLABELLED = "success_unknown"  # flag of an episode whose source does not say whether it succeeded


def source_of(spec: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns what a dataset's spec says of where its data come from; None for a dataset that was simulated.

    Returns:
        format, version, name of the source, fps, robot_type, cameras, what became of each of its features, and how
        its frames became steps.
    """
    source = spec.get(SOURCE)
    return source if isinstance(source, dict) and "format" in source else None


def has_recorded(spec: Mapping[str, Any]) -> bool:
    """Returns whether a dataset, or a task of it, was not simulated: its seeds then say nothing of its scenes."""
    return any(source_of(each) is not None for each in (spec, *(part["task"] for part in spec.get(MIXTURE, ()))))


def title_of(source: Mapping[str, Any]) -> str:
    """Returns a source in a few words, such as "lerobot v3.0, so101"."""
    words = [" ".join(str(source[key]) for key in ("format", "version") if source.get(key))]
    return ", ".join([*words, *(str(source[key]) for key in ("robot_type",) if source.get(key))])


def require_simulated(spec: Mapping[str, Any], what: str) -> None:
    """Refuses a spec of recorded data where worlds are to be built from it.

    Args:
        what: what cannot be done, e.g. "replayed".

    Raises:
        BadInput: says where the data come from.
    """
    source = source_of(spec)
    if source is not None:
        raise BadInput(
            f"{spec.get('name', 'this dataset')}: was recorded elsewhere and imported ({title_of(source)}), so that "
            f"there is no task to simulate and its episodes cannot be {what}; reading, checking, curating, training "
            "and exporting work."
        )
