"""Which exporters there are: our own and those that other packages register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from simgen.data.export.base import Exporter, ExportSettings
from simgen.errors import BadInput, nearest, unknown

GROUP = "simgen.exporters"


def exporters() -> dict[str, Exporter]:
    """Returns the installed exporters by name."""
    found = {entry.name: entry.load()() for entry in entry_points(group=GROUP)}
    return dict(sorted(found.items()))


def exporter_of(name: str) -> Exporter:
    """Returns the exporter of this name; only its module is imported.

    Raises:
        BadInput: there is none; names those that there are.
    """
    names = [entry.name for entry in entry_points(group=GROUP)]
    if name not in names:
        raise unknown("format", name, names, where="--to")
    return entry_points(group=GROUP)[name].load()()


def described() -> list[dict[str, str]]:
    """Returns of each format its name, what it is, and its settings in words; one that cannot be loaded says why."""
    rows = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            exporter: Exporter = entry.load()()
        except ImportError as error:
            rows.append({"name": entry.name, "what": f"cannot be loaded: {error}", "settings": ""})
            continue
        lines = [f"{name}={_shown(field.default)}: {field.description}" for name, field in _fields(exporter).items()]
        rows.append({"name": entry.name, "what": exporter.summary, "settings": "\n".join(lines)})
    return rows


def _fields(exporter: Exporter) -> dict[str, Any]:
    return exporter.settings.model_fields


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def require_given(**values: str) -> None:
    """Refuses a command line that lacks something (BadInput)."""
    missing = [name for name, value in values.items() if not value]
    if missing:
        words = ", ".join(name if name.isupper() else f"--{name}" for name in missing)
        raise BadInput(
            f"simgen export needs {words}: simgen export DIR --to FORMAT --out OUT. "
            f"Formats: {', '.join(sorted(entry.name for entry in entry_points(group=GROUP)))}."
        )


def success_of(success: bool, no_success: bool) -> bool | None:
    """What two flags mean together (BadInput if both are given)."""
    if success and no_success:
        raise BadInput("--success and --no-success: give one of them, or none for all episodes.")
    return True if success else (False if no_success else None)


def parsed_settings(lines: Sequence[str], short: Mapping[str, Any]) -> dict[str, Any]:
    """Returns settings by name, of NAME=VALUE and of flags that stand for one (None: not given).

    Raises:
        BadInput: a line without =, or a setting that is given twice.
    """
    found: dict[str, Any] = {name: value for name, value in short.items() if value is not None}
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals or not name:
            raise BadInput(f"--set {line}: write NAME=VALUE, e.g. episodes_per_file=100.")
        if name in found:
            raise BadInput(f"--set {name}: is given twice.")
        found[name] = value
    return found


def settings_of(exporter: Exporter, given: dict[str, Any]) -> ExportSettings:
    """Returns the exporter's settings.

    Raises:
        BadInput: a name that the format does not know, or a value that it does not allow.
    """
    known = exporter.settings.model_fields
    for name in given:
        if name not in known:
            raise BadInput(
                f"--set {name}: {exporter.name} has no such setting{nearest(name, known) or '.'} "
                f"Available: {', '.join(known) or 'none'}."
            )
    try:
        return exporter.settings.model_validate(given)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = ".".join(map(str, problem["loc"]))
            about = known[name].description if name in known else ""
            lines.append(f"--set {name}={problem['input']}: {problem['msg']} ({about}).")
        raise BadInput("\n".join(lines)) from None
