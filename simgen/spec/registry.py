"""The names that a task may use, with what each of them means: what a spec is checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Role = Literal["observation", "reward", "condition"]
ParameterType = Literal[
    "float", "int", "bool", "body", "part", "flat", "joint", "place", "surface", "axis", "axes", "vector", "region",
    "text",
]  # fmt: skip
REQUIRED = object()

# What a robot may have or lack, as `Term.needs` and `RobotKind.has` call it, in words.
ABILITIES = {
    "tool": "tool centre point",
    "gripper": "gripper",
    "arm": "arm",
    "moves": "base that moves",
    "floats": "base that floats",
    "drives": "base that drives",
}

# What each type of parameter takes, for messages and listings.
TYPE_TEXT: dict[ParameterType, str] = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "body": "the name of an object that is not a marker",
    "part": "the name of a moving part, <object>.<part>",
    "flat": "the name of an object or marker that is a box, l_shape, t_shape, cross, hexagon or star",
    "joint": "the name of a joint of the robot",
    "place": "the name of an object or marker, or a point [x, y, z] in m",
    "surface": "the name of an object that is not a marker, table or ground",
    "axis": "x, y, z, -x, -y, -z or a direction [x, y, z]",
    "axes": "letters out of xyz, e.g. xy",
    "vector": "[x, y, z]",
    "region": "[[x, y, z], [x, y, z]]: lowest and highest corner in m",
    "text": "text",
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a term or a size of an object kind.

    Args:
        type: What it takes, see `TYPE_TEXT`.
        description: One line.
        unit: e.g. "m"; empty for names and ratios.
        default: Value if it is not written; `REQUIRED` if it must be.
        low, high: Range of numbers.
    """

    type: ParameterType
    description: str
    unit: str = ""
    default: Any = REQUIRED
    low: float = -1e6
    high: float = 1e6

    @property
    def required(self) -> bool:
        """Whether it must be written."""
        return self.default is REQUIRED


@dataclass(frozen=True)
class Term:
    """A named observation, reward or condition.

    Args:
        name: As the YAML writes it.
        role: Where it may stand.
        description: One line, with the unit and length of what it gives.
        parameters: By name.
        needs: "success" where the task must say when it is done, "stages" where it must have stages, "place" where the
            scene must have one; else what the robot must have, one of `ABILITIES`.
    """

    name: str
    role: Role
    description: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    needs: str = ""

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the given parameters with the defaults of the others."""
        defaults = {name: parameter.default for name, parameter in self.parameters.items() if not parameter.required}
        return defaults | dict(given)


@dataclass(frozen=True)
class MovingPart:
    """A part of an articulated kind.

    Args:
        name: e.g. "lever"; where there may be several, "drawer" of drawer_1, drawer_2.
        counted_by: Parameter of the kind that says how many there are; None: one.
        usual: How many there are where that parameter is not written.
    """

    name: str
    counted_by: str | None = None
    usual: int = 1


@dataclass(frozen=True)
class ObjectKind:
    """A kind of the procedural library: its sizes, whether other objects can lie in it, and its moving parts.

    Args:
        levels: On how many boards things can stand, unless its size `boards` says so; 0: it is no shelf.
    """

    description: str
    parameters: Mapping[str, Parameter]
    holds: bool = False
    parts: tuple[MovingPart, ...] = ()
    levels: int = 0


@dataclass(frozen=True)
class Fixture:
    """Something that stands still: the rectangle of its surface that can carry objects, in the world [m]."""

    description: str
    low: tuple[float, float] = (-100.0, -100.0)
    high: tuple[float, float] = (100.0, 100.0)


@dataclass(frozen=True)
class RobotKind:
    """What a robot has, as far as a task must know.

    Args:
        has: Those of `ABILITIES` that it has.
        joints: Names of all its joints.
        controls: Values of `robot.control` that it can be driven by.
    """

    has: frozenset[str]
    joints: tuple[str, ...]
    controls: tuple[str, ...]


@dataclass(frozen=True)
class Randomizable:
    """A path of `randomize`, with * for the name of an object or camera.

    Args:
        path: e.g. "*.mass" or "camera.*.eye".
        description: One line.
        unit: Of the values.
        low, high: Range of what an absolute distribution may give.
        dimensions: Allowed vector lengths; 0 is a single number; empty where only names are allowed.
        factor: The value is a factor on what the robot's card says.
        words: "color" or "texture" where names are allowed.
        above: `low` itself is not allowed.
        default: What is there where nothing is drawn, in words.
        base: The same as a number, where only `randomize` can change it.
        safe: Lowest and highest value (of each component) that tasks usually stand; None where all names do.
        change: `safe` is meant as a change of what is there, as `jitter` makes it.
        engines: Those that can do it.
    """

    path: str
    description: str
    unit: str = ""
    low: float = -1e6
    high: float = 1e6
    dimensions: tuple[int, ...] = (0,)
    factor: bool = False
    words: str = ""
    above: bool = False
    default: str = ""
    base: float | None = None
    safe: tuple[float, float] | None = None
    change: bool = False
    engines: tuple[str, ...] = ("newton", "maniskill")


@dataclass(frozen=True)
class Registry:
    """Every name that a task may use.

    Args:
        robots: Names of robot cards.
        robot_kinds: What robots have, by name; of one that is not in it this is checked later.
        terms: Observations, rewards and conditions.
        fixtures, objects: Kinds by name.
        textures: Names.
        randomizable: Paths of `randomize`.
        links: Link names by robot, for camera mounts; a robot that is not in it has its links checked later.
        mesh_folders: Where relative mesh paths are looked for; None leaves meshes unchecked.
    """

    robots: tuple[str, ...] = ()
    robot_kinds: Mapping[str, RobotKind] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    fixtures: Mapping[str, Fixture] = field(default_factory=dict)
    objects: Mapping[str, ObjectKind] = field(default_factory=dict)
    textures: tuple[str, ...] = ()
    randomizable: tuple[Randomizable, ...] = ()
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mesh_folders: tuple[Path, ...] | None = None

    def named(self, role: Role) -> dict[str, Term]:
        """Returns the terms of a role by name."""
        return {term.name: term for term in self.terms if term.role == role}


def default_registry() -> Registry:
    """Returns the names that simgen itself offers: the vocabulary, and the robots that have a card."""
    from simgen.paths import assets_dir
    from simgen.spec import vocabulary
    from simgen.spec.robot_kinds import read_robot_kinds

    cards = sorted((assets_dir() / "robots").glob("*.yaml"))
    return Registry(
        robots=tuple(path.stem for path in cards),
        robot_kinds=read_robot_kinds(cards),
        terms=vocabulary.TERMS,
        fixtures=vocabulary.FIXTURES,
        objects=vocabulary.OBJECTS,
        textures=vocabulary.TEXTURES,
        randomizable=vocabulary.RANDOMIZABLE,
        mesh_folders=(assets_dir(),),
    )
