"""What an object looks like and collides as: a primitive, a mesh file, or a kind of the procedural library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import (
    Field,
    Strict,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from simgen.errors import nearest
from simgen.spec.asset import located_asset
from simgen.spec.base import Bounds, Length, Listed, Number, OneOf, Spec, wrong
from simgen.spec.pattern import matches
from simgen.spec.registry import Parameter
from simgen.spec.vocabulary import OBJECTS

MESH_SUFFIXES = (".stl", ".obj", ".glb", ".gltf", ".ply", ".off")
PRIMITIVES = ("box", "cylinder", "sphere", "capsule")
PROCEDURAL = (
    "mug", "bowl", "bottle", "plate", "frustum", "ring", "l_shape", "t_shape", "cross", "hexagon", "star", "wedge",
    "bridge", "peg", "box_with_hole", "bin", "shelf", "peg_board", "slope", "stairs",
    "stones", "cabinet", "faucet", "valve",
)  # fmt: skip

Sides = Annotated[tuple[Length, Length, Length], Listed(3, "[x, y, z]: full side lengths in m")]
KindParameters = dict[Annotated[str, Strict()], Number]
MeshPath = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=500)]


class RoundSize(Spec):
    """Size of a cylinder or capsule that stands upright."""

    radius: Length = Field(description="Radius [m].")
    height: Length = Field(description="Height [m]; of a capsule the straight part without its caps.")


def _procedural(what: str) -> Any:
    return Field(
        default=None, description=f"{what}: {{}} for the standard one, seed: drawn sizes, or its own sizes [m]."
    )


class ShapeSpec(OneOf):
    """One shape: exactly one of the fields."""

    alternatives: ClassVar[tuple[str, ...]] = (*PRIMITIVES, "mesh", "asset", *PROCEDURAL)

    box: Sides | None = Field(default=None, description="Full side lengths [x, y, z] [m].")
    cylinder: RoundSize | None = Field(default=None, description="Upright cylinder.")
    sphere: Length | None = Field(default=None, description="Radius [m].")
    capsule: RoundSize | None = Field(default=None, description="Upright cylinder with round caps.")
    mesh: MeshPath | None = Field(
        default=None,
        description="Mesh file, or a pattern with * that matches several: relative to the assets or to this file.",
    )
    asset: MeshPath | None = Field(
        default=None,
        description="The user's own asset, of `simgen assets add`: its name, or a pattern with * that matches several.",
    )
    mug: KindParameters | None = _procedural("Mug with a handle")
    bowl: KindParameters | None = _procedural("Open bowl")
    bottle: KindParameters | None = _procedural("Closed bottle")
    plate: KindParameters | None = _procedural("Shallow plate")
    frustum: KindParameters | None = _procedural("Cone with its tip cut off")
    ring: KindParameters | None = _procedural("Flat ring")
    l_shape: KindParameters | None = _procedural("L-shaped block")
    t_shape: KindParameters | None = _procedural("T-shaped block")
    cross: KindParameters | None = _procedural("Plus-shaped block")
    hexagon: KindParameters | None = _procedural("Hexagonal prism")
    star: KindParameters | None = _procedural("Five-pointed star")
    wedge: KindParameters | None = _procedural("Ramp")
    bridge: KindParameters | None = _procedural("Block with a gate")
    peg: KindParameters | None = _procedural("Long box along x")
    box_with_hole: KindParameters | None = _procedural("Block with a square hole along x")
    bin: KindParameters | None = _procedural("Open box to put things in")
    shelf: KindParameters | None = _procedural("Shelf, on whose boards things can stand")
    peg_board: KindParameters | None = _procedural("Board with upright pegs")
    slope: KindParameters | None = _procedural("Ground that rises, is flat and falls")
    stairs: KindParameters | None = _procedural("Stairs with a platform")
    stones: KindParameters | None = _procedural("Field of stepping stones")
    cabinet: KindParameters | None = _procedural("Cabinet with drawers and doors, which move")
    faucet: KindParameters | None = _procedural("Faucet with a lever, which turns")
    valve: KindParameters | None = _procedural("Valve with a wheel, which turns")

    seeds: Annotated[int, Bounds(1, 1000, "seeds")] | None = Field(
        default=None,
        description="With a procedural kind: so many shapes with drawn sizes, of seeds 1, 2, 3 ... (or from its own "
        "`seed` on), instead of one.",
    )

    @model_validator(mode="after")
    def _only_procedural_kinds_are_drawn(self) -> ShapeSpec:
        if self.seeds is not None and not any(getattr(self, kind) is not None for kind in PROCEDURAL):
            raise wrong(f"'seeds' draws the sizes of a procedural kind. Allowed with: {', '.join(PROCEDURAL)}")
        return self

    @field_validator(*PROCEDURAL, mode="before")
    @classmethod
    def _sizes_are_numbers(cls, sizes: Any, info: ValidationInfo) -> Any:
        """Says what a size may be where something else than a number is written; numbers are checked with the task."""
        known = OBJECTS[str(info.field_name)].parameters
        found: list[InitErrorDetails] = []
        for name, value in sizes.items() if isinstance(sizes, Mapping) else ():
            try:
                Bounds().check(value)
            except PydanticCustomError as error:
                found.append({"type": _with_range(error, value, known.get(name)), "loc": (name,), "input": value})
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return sizes

    @field_validator("mesh")
    @classmethod
    def _mesh_exists(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        context = info.context or {}
        if pattern is None or "mesh_folders" not in context:
            return pattern
        return located_mesh(pattern, context["mesh_folders"], context.get("task_folder"))

    @field_validator("asset")
    @classmethod
    def _asset_exists(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        context = info.context or {}
        if pattern is None or "mesh_folders" not in context:
            return pattern
        return located_asset(pattern, context.get("task_folder"))

    @property
    def each(self) -> tuple[ShapeSpec, ...]:
        """The single shapes that it stands for: one, or one for each of its `seeds`."""
        single = ShapeSpec.model_construct
        if self.seeds is None:
            return (single({self.kind}, **{self.kind: getattr(self, self.kind)}),)
        first = int(self.parameters.get("seed", 1))
        kinds = ({self.kind: self.parameters | {"seed": float(first + index)}} for index in range(self.seeds))
        return tuple(single({self.kind}, **kind) for kind in kinds)

    @property
    def parameters(self) -> dict[str, float]:
        """Sizes of a procedural kind as written; empty for the others."""
        value = getattr(self, self.kind)
        return dict(value) if isinstance(value, dict) else {}


def _with_range(error: PydanticCustomError, value: object, size: Parameter | None) -> PydanticCustomError:
    """Returns the error that says the range of a size, instead of that of all numbers."""
    if size is None:
        return error
    try:
        Bounds(size.low, size.high, size.unit).check(value, size.type == "int")
    except PydanticCustomError as sharper:
        return sharper
    return error


def mesh_files(pattern: str, folders: Iterable[Path]) -> list[Path]:
    """Returns the mesh files that a path or pattern means, from the first of the folders that has any, sorted by name.

    Args:
        pattern: Path of a file, of a folder with mesh files, or a pattern with `*`, `?` or `[]`.
        folders: Where relative patterns are looked for.
    """
    for found in matches(pattern, folders):
        inside = [child for folder in found if folder.is_dir() for child in sorted(folder.iterdir())]
        files = [file for file in [*found, *inside] if file.suffix.lower() in MESH_SUFFIXES and file.is_file()]
        if files:
            return files
    return []


def located_mesh(pattern: str, folders: Iterable[Path], task_folder: Path | None) -> str:
    """Returns the pattern if it is found in the folders, or an absolute one if it is found beside the task's file.

    Raises:
        PydanticCustomError: Nothing matches; names the file that comes closest.
    """
    if "**" in pattern:
        raise wrong(f"{ascii(pattern)} would search whole folder trees. Allowed: * within a folder's name")
    folders = list(folders)
    if mesh_files(pattern, folders):
        return pattern
    if task_folder is not None and mesh_files(pattern, [task_folder]):
        return str(task_folder.resolve() / pattern)
    beside = [str(path.name) for path in _siblings(pattern, [*folders, *([task_folder] if task_folder else [])])]
    hint = nearest(Path(pattern).name, beside)
    raise wrong(f"no mesh file matches {ascii(pattern)}. Allowed: files ending in {', '.join(MESH_SUFFIXES)}{hint}")


def _siblings(pattern: str, folders: Iterable[Path]) -> list[Path]:
    try:
        parents = [(folder / pattern).parent for folder in folders]
        return [child for parent in parents if parent.is_dir() for child in parent.iterdir()]
    except (OSError, ValueError):
        return []
