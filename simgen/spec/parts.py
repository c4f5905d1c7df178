"""Moving parts and boards of objects: what they are called, from what is written alone."""

from __future__ import annotations

from simgen.spec import vocabulary
from simgen.spec.asset import asset_parts
from simgen.spec.object import ObjectSpec
from simgen.spec.shape import ShapeSpec


def shape_parts(shape: ShapeSpec) -> tuple[str, ...]:
    """Returns the names of a shape's moving parts, e.g. drawer_1, drawer_2, door_1; none for what is rigid."""
    if shape.asset is not None:
        return asset_parts(shape.asset)
    kind = vocabulary.OBJECTS.get(shape.kind)
    names: list[str] = []
    for part in kind.parts if kind is not None else ():
        if part.counted_by is None:
            names.append(part.name)
        else:
            count = int(shape.parameters.get(part.counted_by, part.usual))
            names += [f"{part.name}_{number + 1}" for number in range(count)]
    return tuple(names)


def object_parts(name: str, body: ObjectSpec) -> tuple[str, ...]:
    """Returns the moving parts that an object always has, as terms call them: "<object>.<part>"."""
    alternatives = [shape_parts(shape) for shape in body.shapes]
    common = [part for part in alternatives[0] if all(part in others for others in alternatives)]
    return tuple(f"{name}.{part}" for part in common)


def unsure_parts(name: str, body: ObjectSpec) -> tuple[str, ...]:
    """Returns the moving parts that an object has with some of its shapes only, called likewise."""
    every = dict.fromkeys(part for shape in body.shapes for part in shape_parts(shape))
    sure = object_parts(name, body)
    return tuple(part for part in (f"{name}.{part}" for part in every) if part not in sure)


def object_levels(body: ObjectSpec) -> int:
    """Returns on how many boards of an object things can always stand; 0 for what is no shelf."""
    return min(_shape_levels(shape) for shape in body.shapes)


def _shape_levels(shape: ShapeSpec) -> int:
    kind = vocabulary.OBJECTS.get(shape.kind)
    usual = 0 if kind is None else kind.levels
    return int(shape.parameters.get("boards", usual)) if usual else 0
