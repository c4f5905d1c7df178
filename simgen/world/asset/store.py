"""Finds assets on disk and loads them: nothing is converted, a loaded asset equals the one that was written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import yaml
from pydantic import ValidationError

from simgen.errors import BadInput, unknown
from simgen.paths import asset_folders
from simgen.spec.asset import CARD, asset_names, asset_paths, read_card_yaml
from simgen.world.asset.build import with_density
from simgen.world.asset.card import AssetCard, BodyCard, JointCard
from simgen.world.asset.glb import read_glb
from simgen.world.scene.articulated.mechanism import articulated
from simgen.world.scene.mesh.inertia import MassProperties
from simgen.world.scene.model import ArticulatedModel, Collider, ObjectModel, Part, PartJoint
from simgen.world.scene.objects.assemble import finish


def load_asset(name_or_path: str | Path) -> ObjectModel | ArticulatedModel:
    """Loads an asset by its name or the path of its folder.

    Raises:
        BadInput: There is none, or its folder is broken.
    """
    folder = find_asset(name_or_path)
    card = read_card(folder)
    root = _model(folder, card.root)
    if not card.parts:
        return root
    parts = {name: Part(_model(folder, part.body), _joint(part.joint)) for name, part in card.parts.items()}
    return articulated(card.category, root, parts)


def load_assets(pattern: str) -> list[ObjectModel | ArticulatedModel]:
    """Loads all assets that a name, a path or a pattern with * means, sorted by name.

    Raises:
        BadInput: There is none, or a folder is broken.
    """
    return [load_asset(folder) for folder in asset_paths(pattern, asset_folders())] or [load_asset(pattern)]


def find_asset(name_or_path: str | Path) -> Path:
    """Returns the folder of an asset.

    Raises:
        BadInput: There is none; names the nearest.
    """
    found = asset_paths(str(name_or_path), asset_folders())
    if not found and (Path(name_or_path) / CARD).is_file():
        found = [Path(name_or_path)]
    if not found:
        raise unknown("asset", name_or_path, asset_names(asset_folders()))
    return found[0]


def read_card(folder: Path) -> AssetCard:
    """Reads an asset's card.

    Raises:
        BadInput: It cannot be read, or is no card.
    """
    path = folder / CARD
    try:
        return AssetCard.model_validate(read_card_yaml(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: is no YAML ({error}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"])
        raise BadInput(f"{path}: {field}: {first['msg']}; add the asset again with --replace.") from error


def list_cards(folders: Iterable[Path]) -> list[tuple[Path, AssetCard | BadInput]]:
    """Returns the assets of some folders with their cards, or what is wrong with those."""
    found = [path for folder in folders for path in asset_paths("*", [folder])]
    return [(path, _card_or_error(path)) for path in found]


def _card_or_error(folder: Path) -> AssetCard | BadInput:
    try:
        return read_card(folder)
    except BadInput as error:
        return error


def _model(folder: Path, card: BodyCard) -> ObjectModel:
    visuals = read_glb(folder / card.visual)
    meshes = read_glb(folder / card.collision) if card.collision is not None else []
    if len(meshes) != card.pieces:
        raise BadInput(f"{folder}: {card.collision} has {len(meshes)} pieces, not {card.pieces}; add the asset again.")
    primitives = (
        Collider(each.kind, each.size, None, np.array(each.position), np.array(each.quaternion))
        for each in card.primitives
    )
    pieces = (*primitives, *(Collider("mesh", mesh=mesh) for mesh in meshes))
    mass = MassProperties(card.volume, np.array(card.center_of_mass), np.array(card.unit_inertia))
    return with_density(finish(card.kind, visuals[0], pieces, mass, np.array(card.bounds)), card.density)


def _joint(card: JointCard) -> PartJoint:
    return PartJoint(
        kind=card.kind,
        parent=card.parent,
        position=np.array(card.position),
        quaternion=np.array(card.quaternion),
        axis=np.array(card.axis),
        anchor=np.array(card.anchor),
        lower=card.lower,
        upper=card.upper,
        friction=card.friction,
        damping=card.damping,
    )
