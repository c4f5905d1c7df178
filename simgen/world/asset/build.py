"""Makes the models that worlds are built of from shapes as a file has them: drawn mesh, convex pieces, mass."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from simgen.errors import BadInput
from simgen.world.asset.flatten import FlatAsset, FlatBody
from simgen.world.asset.raw import primitive_mesh
from simgen.world.asset.weigh import DENSITY, Weight, weigh
from simgen.world.scene.articulated.mechanism import articulated
from simgen.world.scene.mesh.cache import content_hash
from simgen.world.scene.mesh.convex import convex_mesh, hull_faces
from simgen.world.scene.mesh.decompose import Decomposition, convex_pieces
from simgen.world.scene.mesh.holes import close_holes
from simgen.world.scene.mesh.inertia import MassProperties, joined_mass_properties, mesh_mass_properties
from simgen.world.scene.mesh.read import RawMesh, joined_mesh
from simgen.world.scene.mesh.simplify import merge_vertices, simplify
from simgen.world.scene.model import ArticulatedModel, Collider, ObjectModel, Part
from simgen.world.scene.objects.assemble import finish, mesh_piece
from simgen.world.scene.objects.primitives import placed_primitive
from simgen.world.scene.objects.user_mesh import solid_mass

logger = logging.getLogger(__name__)

_MENDED = {  # what was done about a surface that is not watertight
    "holes": "its holes, which are small, were closed",
    "pieces": "its volume is taken as that of its convex pieces",
    "hull": "its volume is taken as that of its convex hull",
}


@dataclass(frozen=True)
class BuildOptions:
    """What the user says about an asset.

    Args:
        decompose: How meshes become convex pieces, as in `convex_pieces`.
        density: [kg/m^3], or None.
        mass: Of the whole [kg], or None; not together with `density`.
        triangles: Most triangles of each drawn body.
        pieces: Most convex pieces of each body.
    """

    decompose: Decomposition = "auto"
    density: float | None = None
    mass: float | None = None
    triangles: int = 5000
    pieces: int = 16


@dataclass(frozen=True, eq=False)
class _Body:
    """A model, what the file says it weighs, and what was done about its surfaces: keys of `_MENDED`."""

    model: ObjectModel
    weight: Weight
    mended: frozenset[str]


def build(flat: FlatAsset, category: str, options: BuildOptions) -> tuple[ObjectModel | ArticulatedModel, list[str]]:
    """Builds the model of an asset.

    Returns:
        The model, and what was assumed, for the user.

    Raises:
        BadInput: A shape that encloses no volume.
    """
    bodies = {"": _build(flat.root, category, "", options)}
    for name, part in flat.parts.items():
        bodies[name] = _build(part.body, name, name, options)
    notes = _notes(bodies, options)
    weighed = _weighed(bodies, options)
    if not flat.parts:
        return weighed[""], notes
    parts = {name: Part(weighed[name], part.joint) for name, part in flat.parts.items()}
    return articulated(category, weighed[""], parts), notes


def with_density(model: ObjectModel, density: float) -> ObjectModel:
    """Returns a model that weighs `density` [kg/m^3] where a task says nothing else."""
    if density == model.density:
        return model
    return replace(model, density=density, key=content_hash(model.key, density))


def _build(body: FlatBody, kind: str, name: str, options: BuildOptions) -> _Body:
    label = f"part {name!r}" if name else f"{kind!r}"
    drawn = joined_mesh(body.visuals or [_as_mesh(shape) for shape in body.solids])
    pieces: list[Collider] = []
    masses: list[MassProperties] = []
    mended: set[str] = set()
    for shape in body.solids:
        try:
            fresh, mass, how = _solid(shape, label, max(1, options.pieces // len(body.solids)), options.decompose)
        except BadInput as error:
            raise BadInput(f"{label} encloses no volume ({error})") from error
        pieces += fresh
        masses.append(mass)
        mended |= {how} - {""}
    pieces.sort(key=lambda piece: piece.kind == "mesh")  # as they are stored
    mass = joined_mass_properties(masses)
    bounds = np.stack((drawn.vertices.min(axis=0), drawn.vertices.max(axis=0)))
    visual = simplify(drawn.vertices, drawn.faces, options.triangles, drawn.colors)
    weight = weigh(body.links, masses) if options.density is None else Weight(None, (), ())
    if weight.whole is not None:
        inertia = weight.whole.inertia * mass.volume / weight.whole.volume
        mass = MassProperties(mass.volume, weight.whole.center, inertia)
    mass = replace(mass, inertia=0.5 * (mass.inertia + mass.inertia.T))  # rounding shows in files in millimetres
    return _Body(finish(kind, visual, tuple(pieces), mass, bounds), weight, frozenset(mended))


def _solid(
    shape: RawMesh | Collider, label: str, most: int, how: Decomposition
) -> tuple[list[Collider], MassProperties, str]:
    """Returns the pieces of a shape, its mass properties at density 1, and what stands for what is not watertight."""
    if isinstance(shape, Collider):
        return [shape], placed_primitive(shape)[1], ""
    vertices, faces, _ = merge_vertices(shape.vertices, shape.faces)
    vertices, faces, holes = close_holes(vertices, faces)
    points = convex_pieces(label, vertices, faces, how, most)
    pieces = [mesh_piece(each) for each in points]
    mass = None
    if np.ptp(vertices, axis=0).min() > 0:
        hull, triangles = hull_faces(vertices)
        mass = solid_mass(vertices, faces, hull, triangles)
    if mass is not None:
        return pieces, mass, "holes" if holes else ""
    meshes = [convex_mesh(each) for each in points]
    mass = joined_mass_properties([mesh_mass_properties(mesh.vertices, mesh.faces) for mesh in meshes])
    return pieces, mass, "hull" if len(pieces) == 1 else "pieces"


def _as_mesh(shape: RawMesh | Collider) -> RawMesh:
    return primitive_mesh(shape, shape.kind, None) if isinstance(shape, Collider) else shape


def _weighed(bodies: dict[str, _Body], options: BuildOptions) -> dict[str, ObjectModel]:
    """Gives every body its density: as the user says, else as the file does, else water's."""
    given = DENSITY if options.density is None else options.density
    masses = {
        name: body.model.volume * given if body.weight.whole is None else body.weight.whole.volume
        for name, body in bodies.items()
    }
    factor = 1.0 if options.mass is None else options.mass / sum(masses.values())
    return {name: with_density(body.model, factor * masses[name] / body.model.volume) for name, body in bodies.items()}


def _notes(bodies: dict[str, _Body], options: BuildOptions) -> list[str]:
    notes = []
    weights = [body.weight for body in bodies.values()]
    for way, said in _MENDED.items():
        names = [name or "the body" for name, body in bodies.items() if way in body.mended]
        if names:
            notes.append(f"the surface of {_shown(names)} is not watertight: {said}")
    shaped = [name for weight in weights for name in weight.shaped]
    if shaped:
        said = f"the file gives {_shown(shaped)} a mass but no inertia, or one that no solid has"
        notes.append(f"{said}: the inertia is taken from the shape")
    if options.mass is not None or options.density is not None:
        return notes
    guessed = [name for weight in weights for name in weight.guessed]
    if all(weight.whole is None for weight in weights):
        notes.append(f"no --mass or --density given: density assumed {DENSITY:g} kg/m^3 (water)")
    elif guessed:
        notes.append(f"no mass in the file for {_shown(guessed)}: density assumed {DENSITY:g} kg/m^3 (water)")
    else:
        notes.append(f"{'masses' if shaped else 'mass and inertia'} are those of the file")
    return notes


def _shown(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
