"""Things that are in the picture and in the way but no part of the task: `distractors: 4`, or with what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from simgen.spec.base import Bounds, Listed, wrong
from simgen.spec.object import MOST_OBJECTS, ObjectSpec
from simgen.spec.pose import PoseSpec

DISTRACTOR = "distractor"  # they are called distractor_1, distractor_2 ...

_COUNT = Bounds(0, MOST_OBJECTS, "objects")
_Count = Annotated[
    Annotated[int, _COUNT, Tag("<value>")]
    | Annotated[
        Annotated[tuple[Annotated[int, _COUNT], Annotated[int, _COUNT]], Listed(2, "a number or [lowest, highest]")],
        Tag("<range>"),
    ],
    Discriminator(lambda value: "<range>" if isinstance(value, list | tuple) else "<value>"),
]
# Low enough for an arm to move over them.
_KINDS: tuple[dict[str, Any], ...] = (
    {"mug": {"scale": 0.85}, "seeds": 2},
    {"bowl": {"scale": 0.75}, "seeds": 2},
    {"bottle": {"radius": 0.024, "height": 0.11, "neck_radius": 0.01}},
    {"box": [0.05, 0.05, 0.05]},
    {"box": [0.09, 0.06, 0.03]},
    {"cylinder": {"radius": 0.028, "height": 0.07}},
    {"frustum": {}, "seeds": 2},
    {"l_shape": {}},
    {"t_shape": {"scale": 0.8}},
    {"cross": {}},
    {"hexagon": {}, "seeds": 2},
    {"star": {}},
    {"wedge": {}},
    {"bridge": {}},
)
_COLORS = (
    "red", "orange", "yellow", "lime", "green", "teal", "cyan", "blue", "navy", "purple", "magenta", "pink", "brown",
    "olive", "white", "gray",
)  # fmt: skip
_ANYWHERE = {"yaw": {"uniform": [-3.1415, 3.1415]}, "clearance": 0.03, "aside": True}
_REGIONS = {"table": [[-0.3, -0.4], [0.2, 0.4]], "ground": [[-1.0, -1.0], [1.5, 1.0]]}  # lowest and highest x, y [m]


class DistractorsSpec(ObjectSpec):
    """Objects called distractor_1, distractor_2 ... that keep clear of the task's objects, of its markers and of the
    robot's start. They take the fields of an object; what is not written is drawn from built-in kinds, colours and
    places."""

    count: _Count = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default=4, description="How many: a number, or [lowest, highest], of which each is a task of its own."
    )


def with_defaults(written: Any, objects: Any, table: bool) -> Any:
    """Returns distractors as written, a number or [lowest, highest] alone too, with what makes them differ.

    Args:
        written: As in the file, unchecked.
        objects: Those of the task as in the file, unchecked: built-in kinds that may be among them are left out, so
            that an instruction stays clear.
        table: Whether there is one.
    """
    if not isinstance(written, Mapping):
        written = {"count": written}
    filled = {name: value for name, value in written.items() if value is not None or name == "count"}
    if not set(ObjectSpec.alternatives) & set(filled):
        taken = set(_keys(objects))
        filled["choose"] = [shape for shape in _KINDS if not taken & set(shape)]
        if not filled["choose"]:
            raise wrong("the task's objects may be of all built-in kinds of 'distractors'. Allowed: 'choose' for them")
    filled.setdefault("color", {"choose": list(_COLORS)})
    pose = filled.get("pose", {})
    filled["pose"] = _placed(pose, "table" if table else "ground") if isinstance(pose, Mapping) else pose
    return filled


def _placed(pose: Mapping[Any, Any], fixture: str) -> dict[Any, Any]:
    defaults = {name: value for name, value in _ANYWHERE.items() if f"{name}_deg" not in pose}
    if not {*PoseSpec.relations, "free"} & set(pose):
        defaults["on"] = fixture
    placed = defaults | {name: value for name, value in pose.items() if value is not None}
    for fixture, region in _REGIONS.items():
        if placed.get("on") == fixture:
            placed.setdefault("xy", {"uniform": region})
    return placed


def _keys(value: Any) -> Iterator[Any]:
    """All keys of nested mappings."""
    if isinstance(value, Mapping):
        yield from value
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        yield from _keys(part)
