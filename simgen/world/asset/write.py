"""Writes an asset's folder, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import yaml

from simgen.errors import BadInput
from simgen.spec.asset import CARD
from simgen.world.asset.card import AssetCard, BodyCard, JointCard, OriginalCard, PartCard, PrimitiveCard
from simgen.world.asset.glb import write_glb
from simgen.world.scene.model import ArticulatedModel, Collider, ObjectModel, PartJoint


def make_card(
    name: str,
    model: ObjectModel | ArticulatedModel,
    size: np.ndarray,
    original: OriginalCard,
    *,
    source: str,
    licence: str,
    fixed: bool,
    notes: tuple[str, ...],
) -> AssetCard:
    """Describes a model; `size` (3,) is that of the box around it [m]."""
    root = model.root if isinstance(model, ArticulatedModel) else model
    parts = model.parts if isinstance(model, ArticulatedModel) else {}
    bodies = [root, *(part.model for part in parts.values())]
    return AssetCard(
        name=name,
        kind="articulated" if parts else "rigid",
        category=model.kind,
        source=source,
        licence=licence,
        original=original,
        mass=sum(body.volume * body.density for body in bodies),
        size=_vector(size),
        fixed=fixed,
        notes=notes,
        root=_body(root, "body"),
        parts={key: PartCard(body=_body(part.model, key), joint=_joint(part.joint)) for key, part in parts.items()},
    )


def write_asset(folder: Path, card: AssetCard, model: ObjectModel | ArticulatedModel, replace: bool) -> Path:
    """Writes an asset beside its place and then puts it there.

    Args:
        folder: The folder of assets.
        card: From `make_card`.
        model: The same model.
        replace: Whether one of the same name goes.

    Returns:
        The asset's own folder.

    Raises:
        BadInput: The name is taken, or the folder cannot be written.
    """
    place = folder / card.name
    require_free(place, replace)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=folder, prefix=f".{card.name}."))
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written ({error.strerror}). Give another one: --out FOLDER.") from error
    try:
        _fill(beside, card, model)
        beside.chmod(0o755)  # mkdtemp's folders are for their owner alone
        _put(beside, place)
    except OSError as error:
        raise BadInput(f"{place}: cannot be written ({error.strerror}).") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return place


def require_free(place: Path, replace: bool) -> None:
    """Refuses a name that is taken, or one of something that is no asset.

    Raises:
        BadInput: So it is.
    """
    if not os.path.lexists(place):
        return
    if not (place / CARD).is_file():
        raise BadInput(f"{place}: is there already and is no asset. Give another name: --name N.")
    if not replace:
        raise BadInput(f"{place}: the name is taken. Give another one with --name N, or --replace the asset.")


def write_text(path: Path, text: str) -> Path:
    """Writes a text file beside its place and then puts it there; returns its path.

    Raises:
        BadInput: It cannot be written.
    """
    beside = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror}).") from error
    return path


def _fill(folder: Path, card: AssetCard, model: ObjectModel | ArticulatedModel) -> None:
    models = {"": model.root if isinstance(model, ArticulatedModel) else model}
    if isinstance(model, ArticulatedModel):
        models |= {name: part.model for name, part in model.parts.items()}
    for name, body in models.items():
        entry = card.parts[name].body if name else card.root
        write_glb(_made(folder / entry.visual), [body.visual])
        meshes = [piece.mesh for piece in body.colliders if piece.mesh is not None]
        if entry.collision is not None:
            write_glb(_made(folder / entry.collision), meshes)
    text = yaml.safe_dump(card.model_dump(mode="json"), sort_keys=False, allow_unicode=True, default_flow_style=None)
    (folder / CARD).write_text(text, encoding="utf-8")


def _made(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return path


def _put(beside: Path, place: Path) -> None:
    """Renames the finished folder to its place; one that is there steps aside first and comes back if that fails."""
    if not place.is_dir():
        beside.rename(place)
        return
    old = beside.with_name(f"{beside.name}.old")
    place.rename(old)
    try:
        beside.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _body(model: ObjectModel, name: str) -> BodyCard:
    pieces = sum(piece.kind == "mesh" for piece in model.colliders)
    return BodyCard(
        kind=model.kind,
        visual=f"visual/{name}.glb",
        collision=f"collision/{name}.glb" if pieces else None,
        pieces=pieces,
        primitives=tuple(_primitive(piece) for piece in model.colliders if piece.kind != "mesh"),
        mass=model.volume * model.density,
        density=model.density,
        volume=model.volume,
        center_of_mass=_vector(model.center_of_mass),
        unit_inertia=(_vector(model.inertia[0]), _vector(model.inertia[1]), _vector(model.inertia[2])),
        bounds=(_vector(model.bounds[0]), _vector(model.bounds[1])),
    )


def _primitive(piece: Collider) -> PrimitiveCard:
    assert piece.kind != "mesh"
    size, position = tuple(float(length) for length in piece.size), _vector(piece.position)
    return PrimitiveCard(kind=piece.kind, size=size, position=position, quaternion=_quaternion(piece.quaternion))


def _joint(joint: PartJoint) -> JointCard:
    return JointCard(
        kind=joint.kind,
        parent=joint.parent,
        position=_vector(joint.position),
        quaternion=_quaternion(joint.quaternion),
        axis=_vector(joint.axis),
        anchor=_vector(joint.anchor),
        lower=float(joint.lower),
        upper=float(joint.upper),
        friction=float(joint.friction),
        damping=float(joint.damping),
    )


def _vector(values: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _quaternion(values: np.ndarray) -> tuple[float, float, float, float]:
    w, x, y, z = (float(value) for value in values)
    return w, x, y, z
