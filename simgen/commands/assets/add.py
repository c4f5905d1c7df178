"""Importing the user's own files, and folders of well-known data sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from simgen.commands.assets.own import show_card
from simgen.commands.output import console, write_json
from simgen.errors import BadInput, SimgenError
from simgen.paths import user_assets_dir
from simgen.spec.base import Bounds
from simgen.world.asset.add import AddOptions, add_asset
from simgen.world.asset.build import BuildOptions
from simgen.world.asset.card import UNKNOWN, AssetCard
from simgen.world.asset.check import MASS
from simgen.world.asset.folder import FolderResult, add_folder
from simgen.world.asset.layouts import LayoutName
from simgen.world.scene.mesh.decompose import Decomposition

_LIMITS = {"density": Bounds(0.0, 30000.0, "kg/m^3", above=True), "mass": MASS}


@dataclass
class Add:
    """Import a file (URDF, MJCF, USD, GLB, STL, OBJ, PLY, OFF, DAE) or a folder of YCB, PartNet or ReplicaCAD."""

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE|FOLDER")]
    """What to import."""
    name: str | None = None
    """What tasks call it; default the file's name."""
    category: str | None = None
    """The word for it in instructions and segmentation; default its name."""
    scale: str | None = None
    """Metres per unit of the file, e.g. 0.001 for millimetres; `auto` guesses it from the size."""
    up: Literal["y", "z"] | None = None
    """The file's up axis; default y for GLB, what a USD file says, else z."""
    density: float | None = None
    """[kg/m^3]; default what the file says, else 1000."""
    mass: float | None = None
    """Of the whole [kg], instead of the density."""
    source: str = UNKNOWN
    """Where it is from."""
    licence: str = UNKNOWN
    """What may be done with it."""
    fixed: bool = False
    """It stands still where a task does not say otherwise."""
    decompose: Decomposition = "auto"
    """Convex pieces for collisions: CoACD where needed (auto), one hull, CoACD always, or none: each connected part of
    the mesh is convex already."""
    layout: LayoutName | None = None
    """Of a folder; default found out."""
    out: Path | None = None
    """Folder of assets to put it in; default $SIMGEN_ASSETS, else one in your data folder."""
    replace: bool = False
    """Replace an asset of the same name."""
    json: bool = False
    """Print one JSON object as the last line."""


def run_add(arguments: Add) -> int:
    """Imports a file or a folder; 1 if some assets of a folder could not be imported."""
    out = user_assets_dir() if arguments.out is None else arguments.out
    options = _options(arguments)
    if not arguments.file.exists():
        raise BadInput(f"{arguments.file}: no such file or folder.")
    if arguments.file.is_dir():
        return _add_folder(arguments, out, options)
    if arguments.layout is not None:
        raise BadInput(f"{arguments.file}: --layout goes with folders.")
    folder, card = add_asset(arguments.file, out, options)
    if arguments.json:
        write_json({"folder": folder, **_summary(card)})
    else:
        show_card(card)
        console().print(f"added to {folder}; in a task: asset: {card.name}", markup=False, soft_wrap=True)
    return 0


def _add_folder(arguments: Add, out: Path, options: AddOptions) -> int:
    if arguments.name is not None:
        raise BadInput("--name goes with one file; the assets of a folder have names of their own.")

    def announce(name: str, number: int, count: int) -> None:
        console().print(f"{number}/{count}: {name}", markup=False)

    result = add_folder(arguments.file, out, options, arguments.layout, announce)
    if arguments.json:
        write_json(
            {
                "layout": result.layout,
                "folder": out,
                "added": [_summary(card) for card in result.added],
                "kept": result.kept,
                "failed": result.failed,
                "scenes": result.scenes,
            }
        )
    _show(result, out)
    return SimgenError.exit_code if result.failed else 0


def _show(result: FolderResult, out: Path) -> None:
    said = f"{result.layout}: {len(result.added)} added to {out}, {len(result.kept)} were there already"
    console().print(said, markup=False, soft_wrap=True)
    for path in result.scenes:
        console().print(f"scene: {path}", markup=False, soft_wrap=True)
    for problem in result.failed.values():
        console().print(f"not added: {problem}", style="red", markup=False, soft_wrap=True)


def _options(arguments: Add) -> AddOptions:
    if arguments.mass is not None and arguments.density is not None:
        raise BadInput("--mass and --density are both given; give one of them.")
    for name in ("source", "licence"):
        if not getattr(arguments, name).strip():
            raise BadInput(f"--{name} is empty. Allowed: what you know of it, or leave the option out.")
    for name, limits in _LIMITS.items():
        value = getattr(arguments, name)
        if value is not None:
            _check(f"--{name}", value, limits)
    return AddOptions(
        name=arguments.name,
        category=arguments.category,
        scale=_scale(arguments.scale),
        up=arguments.up,
        source=arguments.source,
        licence=arguments.licence,
        fixed=arguments.fixed,
        build=BuildOptions(arguments.decompose, arguments.density, arguments.mass),
        replace=arguments.replace,
    )


def _scale(text: str | None) -> float | Literal["auto"] | None:
    if text is None:
        return None
    if text == "auto":
        return "auto"
    try:
        number = float(text)
    except ValueError:
        raise BadInput(f"--scale {text!r} is no number. Allowed: metres per unit of the file, or auto.") from None
    _check("--scale", number, Bounds(1e-6, 1e6))
    return number


def _check(option: str, value: float, limits: Bounds) -> None:
    try:
        limits.check(value)
    except ValueError as error:
        raise BadInput(f"{option}: {error}") from None


def _summary(card: AssetCard) -> dict[str, object]:
    """Returns what a script wants to know of a new asset."""
    fields = ("name", "kind", "category", "size", "mass", "fixed", "source", "licence", "notes")
    pieces = sum(
        body.pieces + len(body.primitives) for body in (card.root, *(part.body for part in card.parts.values()))
    )
    joints = {name: part.joint.kind for name, part in card.parts.items()}
    return {name: getattr(card, name) for name in fields} | {"pieces": pieces, "parts": joints}
