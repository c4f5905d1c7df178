"""The user's own assets: a table of them, and the card of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tyro

from simgen.commands.output import console, show_mapping, show_table, write_json
from simgen.errors import BadInput
from simgen.paths import asset_folders, user_assets_dir
from simgen.world.asset import find_asset, list_cards, read_card
from simgen.world.asset.card import AssetCard, BodyCard


@dataclass
class Show:
    """Show the card of an asset: where it is from, its size, mass and moving parts."""

    name: tyro.conf.Positional[str]
    """Name of an asset, or the path of its folder."""
    json: bool = False
    """Print one JSON object as the last line."""


def run_show(arguments: Show) -> int:
    """Prints a card."""
    folder = find_asset(arguments.name)
    card = read_card(folder)
    if arguments.json:
        write_json({"folder": folder, **card.model_dump()})
    else:
        show_card(card)
        console().print(str(folder), markup=False, soft_wrap=True)
    return 0


def show_card(card: AssetCard) -> None:
    """Shows a card to the person at the terminal."""
    original = f"{card.original.file}, scale {card.original.scale:g}, {card.original.up} up"
    show_mapping(
        f"{card.name}: {card.kind}{', stands fixed' if card.fixed else ''}",
        {
            "source": card.source,
            "licence": card.licence,
            "made from": original,
            "called": card.category,
            "size [m]": _size(card.size),
            "mass [kg]": card.mass,
            "body": _body(card.root),
        },
    )
    if card.parts:
        rows = [
            (name, part.joint.kind, f"{part.joint.lower:.3g} to {part.joint.upper:.3g}", _body(part.body))
            for name, part in card.parts.items()
        ]
        show_table("Moving parts", ("part", "joint", "range (m or rad)", "body"), rows)
    for note in card.notes:
        console().print(f"note: {note}", markup=False, soft_wrap=True)


def show_own() -> None:
    """Shows the user's assets."""
    rows = [
        (row["name"], row["kind"], row["parts"], _size(row["size"]), row["mass"], row["licence"])
        if "error" not in row
        else (row["name"], "broken", "", "", "", row["error"])
        for row in own_rows()
    ]
    title = f"Your assets, in {user_assets_dir()}"
    if rows:
        show_table(title, ("name", "kind", "moving parts", "size (m)", "mass (kg)", "licence"), rows)
    else:
        console().print(f"{title}: none yet; `simgen assets add FILE` makes one", markup=False, soft_wrap=True)


def own_rows() -> list[dict[str, Any]]:
    """Returns the user's assets, and those of simgen's that are of the same form."""
    rows = []
    for folder, card in list_cards(asset_folders()):
        if isinstance(card, BadInput):
            rows.append({"name": folder.name, "folder": folder, "error": str(card)})
            continue
        fields = ("name", "kind", "category", "size", "mass", "fixed", "source", "licence")
        rows.append({name: getattr(card, name) for name in fields} | {"parts": list(card.parts), "folder": folder})
    return rows


def _size(size: Sequence[float]) -> str:
    return " x ".join(f"{side:.3g}" for side in size)


def _body(card: BodyCard) -> str:
    pieces = card.pieces + len(card.primitives)
    return f"{card.mass:.4g} kg at {card.density:.4g} kg/m^3, {pieces} convex piece{'' if pieces == 1 else 's'}"
