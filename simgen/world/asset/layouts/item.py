"""One asset that a layout finds in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from simgen.world.asset.add import AddOptions, read_raw
from simgen.world.asset.card import UNKNOWN
from simgen.world.asset.raw import RawAsset


@dataclass(frozen=True, eq=False)
class Item:
    """An asset of a data set.

    Args:
        file: Its main file.
        options: What the data set and the user say about it; has its name.
        read: Reads it.
    """

    file: Path
    options: AddOptions
    read: Callable[[Path], RawAsset] = read_raw


def with_defaults(
    options: AddOptions,
    name: str,
    category: str,
    source: str,
    licence: str,
    scale: float | None = None,
    density: float | None = None,
) -> AddOptions:
    """Returns the user's options, filled up with what the data set says."""
    build = options.build
    if build.density is None and build.mass is None:
        build = replace(build, density=density)
    return replace(
        options,
        name=name,
        category=category,
        scale=scale if options.scale is None else options.scale,
        source=source if options.source == UNKNOWN else options.source,
        licence=licence if options.licence == UNKNOWN else options.licence,
        build=build,
    )


def pieces_as_given(options: AddOptions) -> AddOptions:
    """Returns options that take the parts of a collision file as convex, unless the user says otherwise."""
    build = options.build
    return replace(options, build=replace(build, decompose="none")) if build.decompose == "auto" else options


__all__ = ["Item", "pieces_as_given", "with_defaults"]
