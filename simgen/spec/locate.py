"""Where in a task's file a field stands of which something came to light only when its worlds were to be made."""

from __future__ import annotations

from collections.abc import Iterable

from simgen.errors import BadInput
from simgen.spec.counted import as_written
from simgen.spec.load import Source, placed_in, read_source
from simgen.spec.overrides import apply_overrides
from simgen.spec.problems import FieldError, Path, Problem, raise_problems
from simgen.spec.shape import ShapeSpec
from simgen.spec.task import TaskSpec


def located(error: FieldError, source: Source, overrides: Iterable[str], task: TaskSpec, variant: TaskSpec) -> BadInput:
    """Returns an error with the file and line of its field, as the loaders say what is wrong.

    Args:
        error: What came to light when the worlds of `variant` were to be made.
        source, overrides: What the task was loaded from.
        task: The task as loaded.
        variant: The task itself, or one of those that it stands for.
    """
    document, _ = read_source(source)
    apply_overrides(document, overrides)
    (problem,) = as_written([error.problem], task)
    problem = Problem(_choice_as_written(problem.path, error.problem.path, task, variant), problem.message)
    try:
        raise_problems(placed_in([problem], document), document.origin, document.line)
    except BadInput as found:
        return found
    return error


def _choice_as_written(path: Path, found: Path, task: TaskSpec, variant: TaskSpec) -> Path:
    """Gives a shape to choose its number in the task, of which a variant has only some."""
    if found[3:4] != ("choose",) or len(found) < 5:
        return path
    shapes = variant.scene.objects[str(found[2])].choose or ()
    shape = shapes[int(found[4])]
    choices = task.scene.written[str(path[2])].choose or () if path[1] == "objects" else ()
    same = (index for index, choice in enumerate(choices) if any(_is_same(shape, each) for each in choice.each))
    index = next(same, None)
    return path if index is None else (*path[:4], index, *path[5:])


def _is_same(one: ShapeSpec, other: ShapeSpec) -> bool:
    return one.kind == other.kind and getattr(one, one.kind) == getattr(other, other.kind)
