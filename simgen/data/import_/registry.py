"""Which importers there are, and which of them a source belongs to."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from simgen.data.files import MANIFEST
from simgen.data.import_.base import Importer, listing
from simgen.errors import BadInput, unknown

GROUP = "simgen.importers"


def importers() -> dict[str, Importer]:
    """Returns the installed importers by name."""
    found = {entry.name: entry.load()() for entry in entry_points(group=GROUP)}
    return dict(sorted(found.items()))


def importer_of(path: Path, name: str | None) -> Importer:
    """Returns the importer with this name, or the only one that recognises the path.

    Raises:
        BadInput: nothing there; no such importer; no importer, or several, recognise it; it is a dataset of ours.
    """
    known = importers()
    if name is not None and name not in known:
        raise unknown("format", name, known, "--from")
    if not path.exists():
        hint = " What is on a hub or a server must be downloaded first." if len(path.parts) == 2 else ""
        raise BadInput(f"{path}: there is no such file or folder.{hint}")
    if (path / MANIFEST).is_file() and name is None:
        raise BadInput(f"{path}: is a simgen dataset already; there is nothing to import.")
    if name is not None:
        return known[name]
    fitting = [importer for importer in known.values() if importer.recognise(path)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(importer.name for importer in fitting)
        raise BadInput(f"{path}: could be several formats: {names}. Say which with --from.")
    looked_for = listing(f"{importer.name}: {importer.looks_for}" for importer in known.values())
    raise BadInput(f"{path}: is of no format that can be imported. Looked for:\n{looked_for}")
