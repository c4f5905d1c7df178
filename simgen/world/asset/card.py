"""An asset's card, `asset.yaml`: what it is, where it is from, what it weighs, how its parts move. Metres, radians."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from simgen.world.scene.model import JointKind

UNKNOWN = "unknown (added by the user)"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
Name = Annotated[str, StringConstraints(pattern=NAME, max_length=64)]
Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Matrix = tuple[Vector, Vector, Vector]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OriginalCard(_Entry):
    """The file that the asset was made from.

    Args:
        file: Its name.
        sha256: Of its content.
        scale: Metres per unit of the file, as used.
        up: The file's up axis.
    """

    file: str
    sha256: str
    scale: float
    up: Literal["y", "z"]


class PrimitiveCard(_Entry):
    """A box, cylinder, capsule or sphere that collides; see `Collider`."""

    kind: Literal["box", "cylinder", "sphere", "capsule"]
    size: tuple[float, ...]
    position: Vector
    quaternion: Quaternion


class BodyCard(_Entry):
    """What moves as one: its files and its mass properties.

    Args:
        kind: The word for it.
        visual: File with what is drawn.
        collision: File with convex meshes that collide, if there are any.
        pieces: How many those are.
        primitives: Other shapes that collide.
        unit_inertia: About the centre of mass, for a density of 1 kg/m^3.
    """

    kind: str
    visual: str
    collision: str | None = None
    pieces: int = 0
    primitives: tuple[PrimitiveCard, ...] = ()
    mass: float = Field(description="[kg]")
    density: float = Field(description="[kg/m^3]")
    volume: float = Field(description="[m^3]")
    center_of_mass: Vector
    unit_inertia: Matrix
    bounds: tuple[Vector, Vector]


class JointCard(_Entry):
    """How a part hangs on another; see `PartJoint`."""

    kind: JointKind
    parent: str = ""
    position: Vector
    quaternion: Quaternion
    axis: Vector
    anchor: Vector
    lower: float
    upper: float
    friction: float = 0.0
    damping: float = 0.0


class PartCard(_Entry):
    """A moving part."""

    body: BodyCard
    joint: JointCard


class AssetCard(_Entry):
    """The card.

    Args:
        name: What a task calls it.
        kind: Whether it has moving parts.
        category: The word for it in instructions and segmentation.
        source, licence: Where it is from and what may be done with it.
        original: The file that it was made from.
        mass: Of the whole [kg].
        size: Sides of the box around it, joints at 0 [m].
        fixed: Whether it stands still where a task does not say so.
        notes: What was assumed when it was made.
        root: The body, or what carries the parts.
        parts: Each after the one that carries it.
    """

    name: Name
    kind: Literal["rigid", "articulated"]
    category: str
    source: str
    licence: str
    original: OriginalCard
    mass: float
    size: Vector
    fixed: bool = False
    notes: tuple[str, ...] = ()
    root: BodyCard
    parts: dict[str, PartCard] = {}
