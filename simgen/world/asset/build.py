"""Makes the models that worlds are built of from shapes as a file has them: drawn mesh, convex pieces, mass."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simgen.errors import BadInput
from simgen.world.asset.flatten import FlatAsset, FlatBody
from simgen.world.asset.raw import Inertial, primitive_mesh
from simgen.world.scene.articulated.mechanism import articulated
from simgen.world.scene.articulated.painted import joined
from simgen.world.scene.mesh.cache import content_hash
from simgen.world.scene.mesh.convex import convex_mesh, hull_faces
from simgen.world.scene.mesh.decompose import Decomposition, convex_pieces
from simgen.world.scene.mesh.inertia import MassProperties, mesh_mass_properties
from simgen.world.scene.mesh.read import RawMesh, joined_mesh
from simgen.world.scene.mesh.simplify import merge_vertices, simplify
from simgen.world.scene.model import ArticulatedModel, Collider, ObjectModel, Part
from simgen.world.scene.objects.assemble import finish, mesh_piece, rotation_matrix
from simgen.world.scene.objects.primitives import build_box, build_capsule, build_cylinder, build_sphere
from simgen.world.scene.objects.user_mesh import solid_mass

logger = logging.getLogger(__name__)

DENSITY = 1000.0  # where nothing says what a thing weighs [kg/m^3]


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
    """A model, what the file says it weighs, whether its surface is closed, and whether its inertia cannot be."""

    model: ObjectModel
    inertial: Inertial | None
    closed: bool
    impossible: bool


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
    solids = body.solids or (joined_mesh(body.visuals),)
    drawn = joined_mesh(body.visuals or [_as_mesh(shape) for shape in solids])
    pieces: list[Collider] = []
    masses: list[MassProperties] = []
    closed = True
    for shape in solids:
        try:
            fresh, mass, whole = _solid(shape, label, max(1, options.pieces // len(solids)), options.decompose)
        except BadInput as error:
            raise BadInput(f"{label} encloses no volume ({error})") from error
        pieces += fresh
        masses.append(mass)
        closed = closed and whole
    pieces.sort(key=lambda piece: piece.kind == "mesh")  # as they are stored
    mass = joined(masses)
    bounds = np.stack((drawn.vertices.min(axis=0), drawn.vertices.max(axis=0)))
    visual = simplify(drawn.vertices, drawn.faces, options.triangles, drawn.colors)
    inertial = _sum(body.inertials) if options.density is None else None
    impossible = inertial is not None and not _possible(inertial.inertia)
    if inertial is not None:
        tensor = mass.inertia if impossible else _widened(inertial.inertia) * mass.volume / inertial.mass
        mass = MassProperties(mass.volume, inertial.center, tensor)
    mass = replace(mass, inertia=0.5 * (mass.inertia + mass.inertia.T))  # rounding shows in files in millimetres
    return _Body(finish(kind, visual, tuple(pieces), mass, bounds), inertial, closed, impossible)


def _possible(inertia: np.ndarray) -> bool:
    """Says whether a solid can have an inertia: no moment is larger than the sum of the other two."""
    moments = np.linalg.eigvalsh(inertia)
    return bool(moments[0] > 0 and moments[0] + moments[1] >= 0.999 * moments[2])


def _widened(inertia: np.ndarray) -> np.ndarray:
    """Returns the inertia of a thing that is not perfectly flat, which engines refuse after rounding."""
    moments = np.linalg.eigvalsh(inertia)
    return inertia + max(0.0, 1.002 * moments[2] - moments[0] - moments[1]) * np.eye(3)


def _solid(
    shape: RawMesh | Collider, label: str, most: int, how: Decomposition
) -> tuple[list[Collider], MassProperties, bool]:
    """Returns the pieces of a shape, its mass properties at density 1, and whether its surface is closed."""
    if isinstance(shape, Collider):
        return [shape], _primitive_mass(shape), True
    vertices, faces, _ = merge_vertices(shape.vertices, shape.faces)
    points = convex_pieces(label, vertices, faces, how, most)
    pieces = [mesh_piece(each) for each in points]
    mass = None
    if np.ptp(vertices, axis=0).min() > 0:
        hull, triangles = hull_faces(vertices)
        mass = solid_mass(vertices, faces, hull, triangles)
    if mass is not None:
        return pieces, mass, True
    meshes = [convex_mesh(each) for each in points]
    return pieces, joined([mesh_mass_properties(mesh.vertices, mesh.faces) for mesh in meshes]), False


def _primitive_mass(shape: Collider) -> MassProperties:
    builders = {"box": lambda size: build_box(size), "sphere": lambda size: build_sphere(*size)}
    builders |= {"cylinder": lambda size: build_cylinder(*size), "capsule": lambda size: build_capsule(*size)}
    solid, turn = builders[shape.kind](shape.size), rotation_matrix(shape.quaternion)
    return MassProperties(solid.volume, np.array(shape.position), turn @ solid.inertia @ turn.T)


def _as_mesh(shape: RawMesh | Collider) -> RawMesh:
    return primitive_mesh(shape, shape.kind, None) if isinstance(shape, Collider) else shape


def _sum(inertials: Sequence[Inertial]) -> Inertial | None:
    """Returns the inertia of several links as one, or None where the file gives none."""
    if not inertials:
        return None
    whole = joined([MassProperties(each.mass, each.center, each.inertia) for each in inertials])
    return Inertial(whole.volume, whole.center, whole.inertia)


def _weighed(bodies: dict[str, _Body], options: BuildOptions) -> dict[str, ObjectModel]:
    """Gives every body its density: as the user says, else as the file does, else water's."""
    given = DENSITY if options.density is None else options.density
    masses = {
        name: body.model.volume * given if body.inertial is None else body.inertial.mass
        for name, body in bodies.items()
    }
    factor = 1.0 if options.mass is None else options.mass / sum(masses.values())
    return {name: with_density(body.model, factor * masses[name] / body.model.volume) for name, body in bodies.items()}


def _notes(bodies: dict[str, _Body], options: BuildOptions) -> list[str]:
    notes = []
    open_ones = [name or "the body" for name, body in bodies.items() if not body.closed and body.inertial is None]
    if open_ones:
        shown = ", ".join(open_ones[:3]) + (f" and {len(open_ones) - 3} more" if len(open_ones) > 3 else "")
        notes.append(f"the surface of {shown} is not watertight: its volume is taken as that of its convex pieces")
    wrong = [name or "the body" for name, body in bodies.items() if body.impossible]
    if wrong:
        notes.append(f"no solid has the inertia that the file gives {', '.join(wrong)}: it is taken from the shape")
    if options.mass is None and options.density is None:
        guessed = [name for name, body in bodies.items() if body.inertial is None]
        if len(guessed) == len(bodies):
            notes.append(f"no --mass or --density given: density assumed {DENSITY:g} kg/m^3 (water)")
        elif guessed:
            notes.append(f"links without inertia in the file: density assumed {DENSITY:g} kg/m^3 (water)")
        else:
            notes.append("mass and inertia are those of the file")
    return notes
