"""From a file, a text or a mapping to a checked task; everything that is wrong is said in one message."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from simgen.errors import BadInput
from simgen.spec import check
from simgen.spec.base import Spec, shown
from simgen.spec.counted import as_written, fewest, most
from simgen.spec.document import LARGEST_FILE, Document, read_mapping, read_yaml
from simgen.spec.find import find_task, is_env_id, task_names
from simgen.spec.overrides import apply_overrides
from simgen.spec.problems import Problem, raise_problems, structural, written_path
from simgen.spec.registered import RegisteredSpec
from simgen.spec.registry import Registry, default_registry
from simgen.spec.task import TaskSpec

Source = str | os.PathLike[str] | Mapping[str, Any]
S = TypeVar("S", bound=Spec)
AnyTask = TaskSpec | RegisteredSpec
ENV_ID = "env_id"  # the field that makes a file one of a registered environment
MIXTURE = "mixture"  # the field that makes a file one of several tasks


def load_any_task(source: Source, overrides: Iterable[str] = (), registry: Registry | None = None) -> AnyTask:
    """Reads and checks a task of simgen's, or one that names a registered environment.

    Args:
        source: Path of a file, name of a task that simgen ships, id of a registered environment (its task with all
            defaults where simgen ships none), or a mapping such as `resolved` gives.
        overrides: Changes such as "episode.max_steps=50", applied before anything is checked.
        registry: The names that may be used; default simgen's own.

    Raises:
        BadInput: All that is wrong, one line each: place, field, message, what is allowed, nearest name.
    """
    return any_task_of(*read_source(source), overrides, registry)


def load_task(source: Source, overrides: Iterable[str] = (), registry: Registry | None = None) -> TaskSpec:
    """Reads and checks a task of simgen's own.

    Args:
        source: Path of a file, name of a task that simgen ships, or a mapping such as `resolved` gives.
        overrides: Changes such as "episode.max_steps=50", applied before anything is checked.
        registry: The names that may be used; default simgen's own.

    Raises:
        BadInput: All that is wrong, one line each: place, field, message, what is allowed, nearest name.
    """
    if isinstance(source, Mapping):
        return _task(read_mapping(source, "task"), None, overrides, registry)
    path = find_task(source)
    return _task(read_yaml(read_text(path), path.name), path.parent, overrides, registry)


def parse_task(
    text: str, name: str = "task", overrides: Iterable[str] = (), registry: Registry | None = None
) -> TaskSpec:
    """Reads and checks a task from YAML text; `name` stands for the file in messages.

    Raises:
        BadInput: As `load_task`.
    """
    return _task(read_yaml(text, name), None, overrides, registry)


def read_text(path: Path) -> str:
    """Reads a task's file as UTF-8.

    Raises:
        BadInput: Not there, not readable, too large or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > LARGEST_FILE:
        raise BadInput(f"{path.name}: is larger than any task. Allowed: {LARGEST_FILE // 1024} KiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInput(f"{path.name}:{line}: is not UTF-8 text. Allowed: UTF-8") from None


def read_source(source: Source) -> tuple[Document, Path | None]:
    """Returns what a source of `load_any_task` holds, and the folder that its paths start from.

    Raises:
        BadInput: There is no such file or name, or it is no YAML.
    """
    if isinstance(source, Mapping):
        return read_mapping(source, "task"), None
    if is_env_id(source) and os.fspath(source) not in task_names():
        return read_mapping({ENV_ID: os.fspath(source)}, "task"), None
    path = find_task(source)
    return read_yaml(read_text(path), path.name), path.parent


def any_task_of(
    document: Document, folder: Path | None, overrides: Iterable[str], registry: Registry | None = None
) -> AnyTask:
    """Checks what `read_source` returned; see `load_any_task`."""
    if not isinstance(document.data, Mapping) or ENV_ID not in document.data:
        return _task(document, folder, overrides, registry)
    apply_overrides(document, overrides)
    return checked(document, RegisteredSpec)


def checked(document: Document, kind: type[S]) -> S:
    """Reads a document as one kind of spec that nothing outside it can make wrong.

    Raises:
        BadInput: All that is wrong, one line each.
    """
    try:
        spec, problems = kind.model_validate(document.data), []
    except ValidationError as error:
        spec, problems = None, structural(error, document.data, kind)
    raise_problems([*document.problems, *placed_in(problems, document)], document.origin, document.line)
    assert spec is not None, "without a spec there are problems"
    return spec


def _task(document: Document, folder: Path | None, overrides: Iterable[str], registry: Registry | None) -> TaskSpec:
    registry = default_registry() if registry is None else registry
    if document.data is None:
        raise BadInput(f"{document.name}: is empty. Allowed: a task with name, robot and scene")
    if isinstance(document.data, Mapping) and ENV_ID in document.data:
        raise BadInput(
            f"{document.origin((ENV_ID,))}: is an environment of ManiSkill's; this needs a task of simgen's."
        )
    if isinstance(document.data, Mapping) and MIXTURE in document.data:
        raise BadInput(
            f"{document.origin((MIXTURE,))}: is a mixture of tasks, which `simgen generate` takes; this needs one task."
        )
    if not isinstance(document.data, Mapping):
        found = shown(document.data)
        raise BadInput(f"{document.origin(())}: must be a mapping of fields (name, robot, scene ...), not {found}")
    apply_overrides(document, overrides)
    context: dict[str, Any] = {"task_folder": folder}
    if registry.mesh_folders is not None:
        context["mesh_folders"] = registry.mesh_folders
    task, problems = _read(document.data, context, registry)
    told = {problem.path for problem in document.problems}
    placed = [problem for problem in placed_in(problems, document) if problem.path not in told]
    raise_problems([*document.problems, *placed], document.origin, document.line)
    if task is None:
        raise BadInput(f"{document.name}: cannot be used")
    return task


def _read(
    data: Mapping[str, Any], context: dict[str, Any], registry: Registry
) -> tuple[TaskSpec | None, list[Problem]]:
    try:
        task = TaskSpec.model_validate(data, context=context)
    except ValidationError as error:
        problems = structural(error, data, TaskSpec)
        return None, problems + _other_problems(data, problems, context, registry)
    # of objects that are there several times those are checked that are always there, then whether all can differ
    found = check.check_task(fewest(task), registry)
    if not found and (many := most(task)) is not task:
        found = [problem for problem in check.check_task(many, registry) if problem.path[0] == "scene"]
    return task, as_written(found, task)


def placed_in(problems: Iterable[Problem], document: Document) -> list[Problem]:
    """Gives problems the paths that the user wrote: a list of steps for `teacher.steps`, nested for dotted names."""
    placed = []
    for problem in problems:
        path = written_path(problem.path, document.data)
        unwritten = problem.message.startswith("is required") and problem.path[-1:]
        placed.append(Problem((*path, *unwritten) if unwritten else path, problem.message))
    return placed


def _other_problems(
    data: Mapping[str, Any], found: Iterable[Problem], context: dict[str, Any], registry: Registry
) -> list[Problem]:
    """Checks the parts of a task that can be read although others cannot, so that all faults are told at once."""
    if any(not problem.path for problem in found):
        return []
    bad = {problem.path[0] for problem in found}
    rest = {name: value for name, value in data.items() if name not in bad}
    try:
        task = TaskSpec.model_validate(_stand_ins(data) | rest, context=context)
    except ValidationError:
        return []
    certain = fewest(task)
    bodies = check.Bodies.of_unread(data.get("scene")) if "scene" in bad else check.Bodies.of(certain.scene)
    hidden = bad | (set() if "robot" in data else {"robot"})
    problems = as_written(check.check_task(certain, registry, bodies), task)
    return [problem for problem in problems if problem.path[0] not in hidden]


_UNREAD = {"lasted": {"seconds": 0.0}}  # a condition that needs nothing


def _stage_names(data: Mapping[str, Any]) -> list[str]:
    """Returns the names of stages as far as they can be read, so that steps may name them."""
    stages = data["stages"] if isinstance(data["stages"], list) else []
    names = [stage.get("name") for stage in stages if isinstance(stage, Mapping)]
    usable = [name for name in names if isinstance(name, str) and re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,63}", name)]
    return list(dict.fromkeys(usable)) or ["unread"]


def _stand_ins(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns parts to put where the user's cannot be read and other parts refer to them."""
    cameras, scene = data.get("cameras"), data.get("scene")
    has_place = isinstance(scene, Mapping) and scene.get("place") is not None
    camera = {"eye": [1.0, 0.0, 0.0], "look_at": [0.0, 0.0, 0.0], "outputs": ["rgb", "depth"]}
    return {
        "name": "unread",
        "robot": {"use": "unread"},  # of which nothing is known, so nothing is found lacking
        "scene": {"table": None, "place": {"rooms": {}}} if has_place else {},
        "cameras": dict.fromkeys(cameras, camera) if isinstance(cameras, Mapping) else {},
        **({"success": _UNREAD} if {"success", "stages"} & set(data) else {}),
        **({"stages": [{"name": name, "done": _UNREAD} for name in _stage_names(data)]} if "stages" in data else {}),
    }
