"""Makes one dataset of several: of the same task, or of different ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simgen.data.combine.build import Progress, build_dataset, require_new
from simgen.data.combine.plan import Plan, brief
from simgen.data.combine.specs import merged_manifest, merged_spec, require_allowable
from simgen.data.combine.survey import Survey, require_whole
from simgen.data.target import require_path
from simgen.errors import BadInput


@dataclass(frozen=True)
class Merged:
    """A dataset with the episodes of several.

    Args:
        frames: Steps; the sum of the episodes' lengths.
        sources: What came from each: name, spec_hash, episodes, frames, discarded; dataset.json tells more.
        duplicates: Episodes that were left out.
    """

    dataset: Path
    episodes: int
    frames: int
    sources: list[dict[str, Any]]
    duplicates: int


def merge_datasets(
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    skip_duplicates: bool = False,
    allow: Collection[str] = (),
    overwrite: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
    command: str | None = None,
) -> Merged:
    """Writes a dataset with all episodes of several, their chunks and hashes as they are.

    Tasks of the same name must be the same task; different tasks make what `simgen generate` makes of a mixture. A
    killed run leaves `OUT.partial`, with which the same call goes on.

    Args:
        paths: Directories of the datasets, at least two.
        out: Directory of the new one.
        skip_duplicates: Leave out episodes that an earlier dataset has, instead of refusing them.
        allow: Fields in which datasets of the same task may differ beside the seed, such as "generation.noise".
        overwrite: Put it in the place of the dataset that is at `out`, once it is whole.
        resume: Return at once if `out` was made by the same call before.
        progress: Is told ("episodes", finished, total).
        command: What made it, for dataset.json.

    Raises:
        BadInput: Fewer than two datasets, one that is unfinished, tasks that differ, duplicates, a place that is taken.
        SimgenError: A source is damaged, or the disk is full.
    """
    require_allowable(allow)
    if len(paths) < 2:
        raise BadInput("give at least two datasets to merge; `simgen split` and `simgen curate` copy parts of one.")
    sources = [require_whole(path) for path in paths]
    places = [source.root.resolve() for source in sources]
    twice = [source.root for number, source in enumerate(sources) if places[number] in places[:number]]
    if twice:
        raise BadInput(f"{twice[0]}: is given twice.")
    out = require_path(out, "a dataset is merged into a directory, not at a URL.")
    require_new(out, sources, overwrite, resume)
    merged_spec(sources, {}, allow)  # says what does not fit before everything is read
    plan = Plan(sources, [], sources[0].manifest["episodes_per_shard"])
    survey = Survey(plan, skip_duplicates)
    for number, source in enumerate(sources):
        survey.take(number, source)
    manifest = merged_manifest(plan, sources, merged_spec(sources, survey.episodes, allow), command)
    manifest["sources"] = plan.provenance()
    built = build_dataset(plan, manifest, out, overwrite=overwrite, resume=resume, progress=progress)
    return Merged(out, built.episodes, built.frames, brief(manifest["sources"]), survey.duplicates)
