"""The README.md of an export: what it is, what the columns mean, how to load it, and what it cannot hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from simgen.data.export.base import CardPart, ExportJob, Verified
from simgen.data.export.folder import ExportFolder
from simgen.data.export.selection import fps_of
from simgen.data.recorded import UNLABELLED, source_of, title_of
from simgen.errors import BadInput
from simgen.machine import versions

CARD = "README.md"
_MOST = 20  # instructions and seeds that are listed


def write_card(job: ExportJob, part: CardPart, verified: Verified | None, folder: ExportFolder) -> None:
    """Writes the card of an export."""
    with folder.new(CARD) as draft:
        draft.write_text("\n".join(_lines(job, part, verified)).rstrip() + "\n", encoding="utf-8")


def _lines(job: ExportJob, part: CardPart, verified: Verified | None) -> Iterator[str]:
    yield from _front_matter(job, part)
    yield from (f"# {', '.join(job.selection.tasks)}: {part.title}", "")
    yield from ("Exported by simgen from a dataset of simulated episodes.", "")
    yield from _table(("", ""), _facts(job))
    yield from ("", "## Instructions", "", *_instructions(job))
    yield from ("", "## Features", "", *_table(("name", "type and shape", "meaning and unit"), part.features))
    if part.notes:
        yield from ("", *(f"- {note}" for note in part.notes))
    yield from ("", "## How to load it", "")
    if part.requires:
        yield from ("```bash", f"pip install {' '.join(map(_quoted, part.requires))}", "```", "")
    yield from ("```python", part.load, "```")
    yield from ("", "## What was left out", "", *_bullets([*part.left_out, *_selected(job)], "Nothing."))
    yield from ("", "## Checked", "", *_checked(verified))
    yield from ("", "## Robot and licence", "", *_robots(job))


def _front_matter(job: ExportJob, part: CardPart) -> Iterator[str]:
    yield "---"
    yield "license: other"
    yield "license_name: see-robot-and-licence"
    yield "task_categories:"
    yield "- robotics"
    yield "tags:"
    yield from (f"- {tag}" for tag in ("simgen", "simulation", *part.tags))
    yield "---"
    yield ""


def _facts(job: ExportJob) -> Iterator[tuple[str, str]]:
    manifest = job.dataset.manifest
    phases = Counter(view.phase for view in job.dataset)
    labelled = [view for view in job.dataset if UNLABELLED not in view.flags]
    seeds = [view.seed for view in job.dataset]
    yield "episodes", f"{len(job.dataset)} ({', '.join(f'{count} {phase}' for phase, count in phases.items())})"
    yield "successes", f"{sum(view.success for view in labelled)} of {len(labelled)} labelled"
    yield "frames", f"{job.selection.steps} at {', '.join(_rates(job))}"
    yield "robot", ", ".join(job.selection.robots()) or "not said by the dataset"
    yield "control", ", ".join(_controls(job)) or "not said by the dataset"
    yield "engine", str(manifest.get("engine") or "none: recorded elsewhere")
    yield "versions", ", ".join(f"{name} {number}" for name, number in manifest["versions"].items())
    yield "exported with", f"simgen-toolkit {versions()['simgen-toolkit']}"
    yield "seeds of the episodes", _some(seeds)
    yield "spec (sha256)", f"`{manifest['spec_hash']}`"
    yield "source dataset (sha256 of its episodes)", f"`{job.selection.dataset_digest}`"
    yield "these episodes (sha256)", f"`{job.selection.digest}`"
    if manifest.get("command"):
        yield "recorded by", f"`{manifest['command']}`"
    if job.command:
        yield "exported by", f"`{job.command}`"


def _rates(job: ExportJob) -> list[str]:
    rates = [fps_of(job.dataset, task) for task in job.selection.tasks]
    return list(dict.fromkeys("an unknown rate" if rate is None else f"{rate:g} Hz" for rate in rates))


def _controls(job: ExportJob) -> list[str]:
    robots: list[Any] = [job.dataset.spec_of(task).get("robot") for task in job.selection.tasks]
    found = [robot.get("control") for robot in robots if isinstance(robot, dict)]
    return list(dict.fromkeys(str(control) for control in found if control))


def _some(values: list[Any]) -> str:
    more = f", ... ({len(values)} in all, each in the metadata)" if len(values) > _MOST else ""
    return ", ".join(map(str, values[:_MOST])) + more


def _instructions(job: ExportJob) -> list[str]:
    found = Counter(view.instruction or view.task for view in job.dataset).most_common()
    more = [f"- and {len(found) - _MOST} more"] if len(found) > _MOST else []
    return [f"- {text} ({count})" for text, count in found[:_MOST]] + more


def _selected(job: ExportJob) -> Iterator[str]:
    """What the user left out."""
    options, whole = job.options, job.selection.whole
    if len(whole) != len(job.dataset):
        yield f"{len(whole) - len(job.dataset)} of the dataset's {len(whole)} episodes, by choice."
    kept = {array.path for layout in job.selection.layouts.values() for array in layout.arrays()}
    gone = sorted({path for view in _firsts(job) for path in view.arrays} - kept)
    if gone and (options.cameras or options.outputs or options.states):
        yield f"by choice of arrays: {', '.join(gone)}."
    if options.size:
        yield (
            f"images were resized to {options.size[0]} x {options.size[1]}: colours averaged over pixels, depth and "
            "segmentation picked from the nearest; intrinsics follow."
        )


def _firsts(job: ExportJob) -> list[Any]:
    firsts: dict[str, Any] = {}
    for view in job.dataset:
        firsts.setdefault(view.task, view)
    return list(firsts.values())


def _checked(verified: Verified | None) -> Iterator[str]:
    if verified is None:
        yield "Not read back (`--no-verify`)."
        return
    yield f"All of it was read back with {verified.by} and compared with the dataset."
    yield ""
    if verified.exact:
        yield f"- bit for bit the same: {', '.join(verified.exact)}"
    yield from (f"- {name}: {words}" for name, words in verified.within.items())


def _robots(job: ExportJob) -> list[str]:
    lines = [
        f"Recorded data, imported from {title_of(source)}: the licence of that source holds."
        for source in (source_of(job.dataset.spec_of(task)) for task in job.selection.tasks)
        if source is not None
    ]
    for name in job.selection.robots():
        lines += _robot(name)
    lines.append("The episodes themselves were generated; images show the robot's meshes under the terms above.")
    return list(dict.fromkeys(lines))


def _robot(name: str) -> list[str]:
    from simgen.world.robot.card import load_card  # torch

    try:
        card = load_card(name)
    except BadInput:
        return [f"- **{name}**: not a robot that simgen knows; see where the data come from."]
    lines = [f"- **{name}**: {card.description} Licence: {card.licence}. {card.licence_note.strip()}"]
    return [*lines, f"  Source: {card.source.strip()}"]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    head = list(head)
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)


def _bullets(lines: list[str], none: str) -> list[str]:
    return [f"- {line}" for line in lines] or [none]


def _quoted(package: str) -> str:
    return f"'{package}'" if any(letter in package for letter in "<>[=") else package
