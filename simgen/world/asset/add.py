"""From a user's file to a folder that worlds load without converting anything."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from simgen.errors import BadInput
from simgen.world.asset.build import BuildOptions, build
from simgen.world.asset.card import NAME, UNKNOWN, AssetCard, OriginalCard
from simgen.world.asset.check import LARGEST, check_physics, check_size, likely_scale
from simgen.world.asset.flatten import FlatAsset, flatten, moved_origin, opens_backwards
from simgen.world.asset.raw import RawAsset
from simgen.world.asset.read_mesh import read_mesh_asset
from simgen.world.asset.read_mjcf import read_mjcf_asset
from simgen.world.asset.read_urdf import read_urdf_asset
from simgen.world.asset.read_usd import read_usd_asset
from simgen.world.asset.write import make_card, require_free, write_asset
from simgen.world.scene.mesh.read import MESH_SUFFIXES

READERS: dict[str, Callable[[Path], RawAsset]] = {
    ".urdf": read_urdf_asset,
    ".xml": read_mjcf_asset,
    ".mjcf": read_mjcf_asset,
    **dict.fromkeys((".usd", ".usda", ".usdc", ".usdz"), read_usd_asset),
    **dict.fromkeys(MESH_SUFFIXES, read_mesh_asset),
}


@dataclass(frozen=True)
class AddOptions:
    """What the user says about an asset; None where nothing is said.

    Args:
        name: Of the asset; default the file's.
        category: The word for it in instructions; default its name.
        scale: Metres per unit of the file, "auto" to take the likely one; default what the file says, else 1.
        up: The file's up axis; default y for glTF, what a USD says, else z.
        source, licence: Where it is from and what may be done with it.
        fixed: Whether it stands still where a task does not say so.
        build: Mass and convex pieces.
        keep_origin: Leave the origin where the file has it, even if that is far from the thing.
        largest: Largest allowed side [m].
        replace: Whether an asset of the same name goes.
    """

    name: str | None = None
    category: str | None = None
    scale: float | Literal["auto"] | None = None
    up: Literal["y", "z"] | None = None
    source: str = UNKNOWN
    licence: str = UNKNOWN
    fixed: bool = False
    build: BuildOptions = field(default_factory=BuildOptions)
    keep_origin: bool = False
    largest: float = LARGEST
    replace: bool = False


def add_asset(path: Path, out: Path, options: AddOptions) -> tuple[Path, AssetCard]:
    """Imports a file.

    Args:
        path: URDF, MJCF, USD or a mesh.
        out: The folder of assets that it goes to.
        options: What the user says.

    Returns:
        The asset's own folder, and its card.

    Raises:
        BadInput: A file that cannot be used as it stands, a size that cannot be right, a name that is taken.
    """
    name = asset_name(options.name, path)
    require_free(out / name, options.replace)
    return add_raw(path, read_raw(path), out, replace(options, name=name))


def read_raw(path: Path) -> RawAsset:
    """Reads a file of any known type.

    Raises:
        BadInput: There is none, it is of no known type, or it cannot be used.
    """
    reader = READERS.get(path.suffix.lower())
    if not path.is_file():
        raise BadInput(f"{path}: no such file.")
    if reader is None:
        raise BadInput(f"{path}: unknown type {path.suffix!r}. Allowed: {', '.join(READERS)}.")
    if not os.access(path, os.R_OK):
        raise BadInput(f"{path}: may not be read (permission denied).")
    if reader is read_mjcf_asset and b"<robot" in path.read_bytes()[:4096]:
        reader = read_urdf_asset
    return reader(path)


def add_raw(path: Path, raw: RawAsset, out: Path, options: AddOptions) -> tuple[Path, AssetCard]:
    """Imports what was read from a file; see `add_asset`."""
    name = asset_name(options.name, path)
    up = options.up or ("y" if raw.y_up else "z")
    scale, notes = _scale(path, raw, options), list(raw.notes)
    try:
        flat = flatten(raw, scale, up == "y")
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    check_size(path, flat.points(), scale, options.largest)
    check_physics(path, raw, scale, options.largest)
    turned = [joint.name for joint in raw.joints if joint.kind != "fixed" and opens_backwards(joint)]
    if turned:
        notes.append(f"the axis of {', '.join(turned)} was turned round: 0 is closed, the upper limit open")
    if flat.carriers:
        notes.append(f"{', '.join(flat.carriers)} had no shape: taken as grains of 10 g that carry what hangs on them")
    if up == "y":
        notes.append("turned from y up to z up (--up z keeps it as it is)")
    if not options.keep_origin:
        flat, moved = _centered(flat)
        notes += moved
    try:
        model, assumed = build(flat, options.category or name, options.build)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    if options.scale == "auto" and scale != raw.unit:
        assumed.append(f"scale {scale:g} guessed from the size")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card = make_card(
        name,
        model,
        np.ptp(flat.points(), axis=0),
        OriginalCard(file=path.name, sha256=digest, scale=scale, up=up),
        source=options.source,
        licence=options.licence,
        fixed=options.fixed or bool(flat.parts),
        notes=(*notes, *assumed),
    )
    return write_asset(out, card, model, options.replace), card


def asset_name(given: str | None, path: Path) -> str:
    """Returns the name of an asset: as given, else from the file's.

    Raises:
        BadInput: It is no name.
    """
    if given is not None:
        if not re.fullmatch(NAME, given) or len(given) > 64:
            raise BadInput(f"--name {given!r} is no name. Allowed: up to 64 letters, digits, _ and -.")
        return given
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem).strip("_-")[:64]
    if not plain:
        raise BadInput(f"{path}: gives no name for the asset. Give one: --name N.")
    return plain


def _scale(path: Path, raw: RawAsset, options: AddOptions) -> float:
    if options.scale is None:
        return raw.unit
    if options.scale != "auto":
        if not (np.isfinite(options.scale) and options.scale > 0):
            raise BadInput(f"--scale must be a positive number, not {options.scale}.")
        return float(options.scale)
    points = flatten(raw, raw.unit, False).points()
    found = likely_scale(float(np.ptp(points, axis=0).max()))
    if found is None:
        check_size(path, points, raw.unit)
    return raw.unit * (found[1] if found is not None else 1.0)


def _centered(flat: FlatAsset) -> tuple[FlatAsset, list[str]]:
    """Moves an origin that is outside of the thing under its middle; one inside or on it is the maker's choice."""
    points = flat.points()
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * (high - low).max()
    if ((low - margin <= 0.0) & (high + margin >= 0.0)).all():
        return flat, []
    origin = np.array([*(0.5 * (low + high))[:2], low[2]])
    away = ", ".join(f"{value:.3g}" for value in origin)
    return moved_origin(flat, origin), [f"the file's origin was outside of it: moved under its middle, by [{away}] m"]
