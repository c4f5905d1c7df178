"""The spec and the manifest of a dataset that is made of several: of one task, or a mixture of tasks."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simgen.data.combine.plan import Plan, Source
from simgen.data.features import merge_features
from simgen.data.manifest import GENERATION, MIXED, TASKS, new_manifest, spec_differences
from simgen.data.recorded import SOURCE
from simgen.errors import BadInput, SimgenError, unknown
from simgen.spec.load import MIXTURE

# Fields in which datasets of the same task may differ: which episodes were drawn or imported, not what they are.
_RUN = (f"{GENERATION}.seed", f"{SOURCE}.name", f"{SOURCE}.episodes")
# How episodes were recorded; they may differ in these too if the user says so.
ALLOWABLE = tuple(f"{GENERATION}.{name}" for name in ("noise", "random_policy", "keep_failures", "device"))
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class _Task:
    """A task of a source, as a dataset of it alone would have it, and the weight that a mixture gives it."""

    source: Source
    spec: dict[str, Any]
    engine: str | None
    weight: float | None = None


def require_allowable(fields: Collection[str]) -> None:
    """Refuses fields that may not differ (BadInput)."""
    for field in fields:
        if field not in ALLOWABLE:
            raise unknown("field", field, ALLOWABLE, where="--allow")


def merged_spec(sources: Sequence[Source], episodes: Mapping[str, int], allow: Collection[str] = ()) -> dict[str, Any]:
    """The spec of the sources' episodes together.

    Args:
        episodes: How many there are of each task; the tasks' weights where a new mixture is made.
        allow: Of ALLOWABLE: fields in which datasets of the same task may differ.

    Raises:
        BadInput: Two have a task of the same name that differs in more than the run; names the fields.
    """
    tasks: dict[str, _Task] = {}
    for source in sources:
        for name, task in _tasks(source):
            tasks[name] = _joined(tasks[name], task, allow) if name in tasks else task
    first = sources[0].manifest["spec"]
    besides = {*_RUN, *allow}
    if not any(spec_differences(first, source.manifest["spec"], "", "", besides) for source in sources):
        joined = copy.deepcopy(first)
        for source in sources[1:]:
            joined = _common(joined, source.manifest["spec"], besides)
        return joined
    if len(tasks) == 1:
        return next(iter(tasks.values())).spec
    return _mixture(sources, tasks, episodes)


def _tasks(source: Source) -> Iterator[tuple[str, _Task]]:
    """The tasks of a source by name, each with all that holds for it."""
    spec, engine = source.manifest["spec"], source.manifest["engine"]
    if MIXTURE not in spec:
        own = spec.get(GENERATION, {}).get("engine", engine)
        yield str(spec.get("name", source.name)), _Task(source, spec, own)
        return
    generation = dict(spec.get(GENERATION, {}))
    of_tasks = generation.pop(TASKS, {})
    for part in spec[MIXTURE]:
        name = part["task"]["name"]
        identity = {**generation, **of_tasks.get(name, {})}
        own = identity.get("engine", engine if engine != MIXED else None)
        yield name, _Task(source, {**part["task"], GENERATION: identity}, own, part["weight"])


def _joined(one: _Task, other: _Task, allow: Collection[str]) -> _Task:
    """The task of two datasets; what they may differ in is MIXED."""
    besides = {*_RUN, *allow}
    for task in (one, other):
        fields = task.spec.get(GENERATION, {}).items()
        besides |= {f"{GENERATION}.{field}" for field, value in fields if value == MIXED}
    first, second = f"in {one.source.root}", f"in {other.source.root}"
    lines = spec_differences(one.spec, other.spec, first, second, besides)
    if one.engine != other.engine and not lines:
        lines = [f"  engine: {one.engine} {first}, {other.engine} {second}"]
    if lines:
        name = one.spec.get("name", one.source.name)
        same = ", ".join(sorted(field for field in ALLOWABLE if any(line.startswith(f"  {field}:") for line in lines)))
        hint = [f"--allow lets these differ: {same}."] if same else []
        heading = f"{other.source.root}: its task {name!r} is not that of {one.source.root}:"
        raise BadInput("\n".join([heading, *lines, *hint]))
    return _Task(one.source, _common(one.spec, other.spec, besides), one.engine, one.weight)


def _common(one: Mapping[str, Any], other: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """A spec with MIXED in those fields in which it differs from another; numbers of imported episodes add up."""
    joined = copy.deepcopy(dict(one))
    for field in fields:
        group, _, key = field.partition(".")
        mine, others = joined.get(group), other.get(group)
        if not isinstance(mine, dict) or not isinstance(others, Mapping):
            continue
        value, other_value = mine.get(key), others.get(key)
        if field == f"{SOURCE}.episodes" and isinstance(value, int) and isinstance(other_value, int):
            mine[key] = value + other_value
        elif value != other_value:
            mine[key] = MIXED
    return joined


def _mixture(sources: Sequence[Source], tasks: Mapping[str, _Task], episodes: Mapping[str, int]) -> dict[str, Any]:
    """A mixture of tasks as `simgen generate` writes it; what holds for one task alone stands with its name."""
    identities = {name: dict(task.spec.get(GENERATION, {})) for name, task in tasks.items()}
    for name, task in tasks.items():
        identities[name].setdefault("engine", task.engine)
    shared = dict.fromkeys(key for each in identities.values() for key in each if key not in ("engine", "mesh_files"))
    generation: dict[str, Any] = {}
    for key in shared:
        values = [each.get(key) for each in identities.values()]
        generation[key] = values[0] if all(value == values[0] for value in values) else MIXED
    total = max(1, sum(episodes.get(name, 0) for name in tasks))
    parts = [
        {
            "task": {key: value for key, value in task.spec.items() if key != GENERATION},
            "weight": max(1e-6, round(episodes.get(name, 0) / total, 6)),
        }
        for name, task in tasks.items()
    ]
    described = "Episodes of several datasets."
    return {
        "name": _mixture_name(sources, list(tasks)),
        "description": described,
        MIXTURE: parts,
        GENERATION: {**generation, TASKS: identities},
    }


def _mixture_name(sources: Sequence[Source], tasks: Sequence[str]) -> str:
    first = sources[0].manifest["spec"]
    for name in (first.get("name") if MIXTURE in first else None, "_and_".join(tasks)):
        if isinstance(name, str) and _NAME.fullmatch(name):
            return name
    return "merged"


def merged_manifest(
    plan: Plan, sources: Sequence[Source], spec: Mapping[str, Any], command: str | None
) -> dict[str, Any]:
    """The manifest of a new dataset: of versions, engine and notes it says what holds for all sources.

    Raises:
        BadInput: An array has another type in one source than in another.
    """
    require_same_arrays(sources)
    manifests = [source.manifest for source in sources]
    codecs = {manifest["codec"] for manifest in manifests}
    engines = list(dict.fromkeys(manifest["engine"] for manifest in manifests))
    manifest = new_manifest(
        spec,
        codecs.pop() if len(codecs) == 1 else manifests[0]["codec"],
        plan.episodes_per_shard,
        plan.phases,
        engines[0] if len(engines) == 1 else MIXED,
        command,
        _shared_notes(manifests),
    )
    versions = manifests[0].get("versions") or {}
    agreed = {
        name: version
        for name, version in versions.items()
        if all((each.get("versions") or {}).get(name) == version for each in manifests)
    }
    commits = {each.get("git_commit") for each in manifests}
    commit = commits.pop() if len(commits) == 1 else None
    return {**manifest, "versions": agreed, "git_commit": commit}


def require_same_arrays(sources: Sequence[Source]) -> None:
    """Refuses datasets whose arrays of the same path have different types or numbers of axes (BadInput)."""
    features: dict[str, Any] = {}
    for source in sources:
        try:
            features = merge_features(features, source.manifest["features"], str(source.root))
        except SimgenError as error:
            raise BadInput(f"{error} They cannot lie in one dataset.") from error


def _shared_notes(manifests: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the notes of all sources that have an array agree on."""
    paths = dict.fromkeys(path for manifest in manifests for path in manifest["feature_notes"])
    shared: dict[str, dict[str, Any]] = {}
    for path in paths:
        notes = [
            manifest["feature_notes"].get(path, {})
            for manifest in manifests
            if path in manifest["features"] or path in manifest["feature_notes"]
        ]
        shared[path] = {key: value for key, value in notes[0].items() if all(note.get(key) == value for note in notes)}
    return shared
