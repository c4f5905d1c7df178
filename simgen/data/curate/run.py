"""Curates a dataset: judges every episode, writes down why each stays or goes, copies those that stay.

Each episode is judged once; what was judged lies in `OUT.curating` until all is done, so that a run that was killed,
or a dry run, is gone on with by the same command. The new dataset is put in place whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simgen.data.combine.build import require_new
from simgen.data.combine.copy import copy_episodes
from simgen.data.combine.plan import Source
from simgen.data.combine.survey import require_whole
from simgen.data.curate.config import VERSION, CurateConfig, digest_of
from simgen.data.curate.journal import Journal
from simgen.data.curate.judges import BALANCE, DUPLICATE, UNREADABLE, judges_of
from simgen.data.curate.signature import signature_of
from simgen.data.curate.subject import Subject, TaskFacts
from simgen.data.curate.together import Passed, judge_balance, judge_duplicates
from simgen.data.curate.verdict import Verdict
from simgen.data.episode_view import EpisodeView
from simgen.data.files import (
    MANIFEST,
    canonical_json,
    clear_write_errors,
    is_temporary,
    lock_directory,
    write_parts,
)
from simgen.data.manifest import read_manifest
from simgen.data.reader import Dataset, open_dataset
from simgen.errors import BadInput, SimgenError

CURATION = "curation"  # key in the new dataset's dataset.json, and the folder of the report
DECISIONS = "curation.jsonl"
PAGE = f"{CURATION}/index.html"
Progress = Callable[[str, int, int], None]  # what is done, how many episodes of it, of how many
WriteReport = Callable[[Dataset, Path, CurateConfig, Path], Path]


@dataclass(frozen=True)
class Curation:
    """What became of a dataset.

    Args:
        dataset: The new one; None after a dry run.
        episodes: That were judged.
        kept, dropped: Of them.
        reasons: By filter, how many episodes it dropped; one that several filters dropped counts for each.
        report: The page that shows what was dropped and why.
        decisions: The file with every decision.
    """

    dataset: Path | None
    episodes: int
    kept: int
    dropped: int
    reasons: dict[str, int] = field(default_factory=dict)
    report: Path | None = None
    decisions: Path | None = None


def curate_dataset(
    path: str | Path,
    out: str | Path,
    config: CurateConfig | None = None,
    *,
    dry_run: bool = False,
    overwrite: bool = False,
    resume: bool = False,
    write_report: WriteReport | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> Curation:
    """Writes a new dataset of those episodes of another that pass all filters, and why the others do not.

    Args:
        path: Directory of the dataset; it stays as it is.
        out: Directory of the new one.
        config: Which filters are on, and their thresholds. Default: `CurateConfig()`.
        dry_run: Judge and report only; the same call without it goes on from there.
        overwrite: Replace a dataset that is at `out`, once the new one is whole.
        resume: Return at once if `out` was made by the same call before.
        write_report: Writes the page: `simgen.view.curation.write_page`.
        progress: Is told what is done.
        command: What made it, for dataset.json.

    Raises:
        BadInput: No dataset, an unfinished one, a place that is taken.
        SimgenError: The disk is full, or another process curates into the same place.
    """
    config, out = config or CurateConfig(), Path(out)
    source = require_whole(path)
    _require_place(out, source, dry_run, overwrite, resume)
    with open_dataset(source.root) as dataset:
        if not len(dataset):
            raise BadInput(f"{source.root}: has no finished episode that could be judged.")
        run = _Run(dataset, out, config, dry_run, progress, command)
        done = run.finished_before() if resume else None
        return done or run.carry_out(overwrite, write_report)


def _require_place(out: Path, source: Source, dry_run: bool, overwrite: bool, resume: bool) -> None:
    """Refuses a place that holds anything but the result of a dry run, or a dataset that may be replaced."""
    if dry_run and (out / MANIFEST).is_file():
        raise BadInput(
            f"{out}: already holds a dataset, beside which a dry run writes nothing; choose another directory."
        )
    if not (out / MANIFEST).is_file() and out.is_dir():
        others = sorted(path.name for path in out.iterdir() if not is_temporary(path))
        if others and set(others) <= {DECISIONS, CURATION}:
            require_new(out / "inside", [source], False)  # only where it lies matters
            return
    unfinished = workplace_of(out).is_dir() and not (out / DECISIONS).exists()
    require_new(out, [source], overwrite, resume or unfinished)


def workplace_of(out: Path) -> Path:
    """Where the judgements lie until all is done."""
    return out.with_name(f"{out.name}.curating")


class _Run:
    """One call of `curate_dataset`."""

    def __init__(
        self,
        dataset: Dataset,
        out: Path,
        config: CurateConfig,
        dry_run: bool,
        progress: Progress | None,
        command: str | None,
    ) -> None:
        self._dataset, self._out, self._config = dataset, out, config
        self._dry_run, self._progress, self._command = dry_run, progress, command
        self._source = _digest(dataset)
        notes = dataset.manifest["feature_notes"]
        self._facts = {task: TaskFacts(task, dataset.spec_of(task), notes) for task in dataset.tasks}
        self._judges = judges_of(config)
        self._reasons: Counter[str] = Counter()
        self._keep: list[int] = []

    def finished_before(self) -> Curation | None:
        """The result of the same call, if it is there."""
        if not (self._out / MANIFEST).is_file() or not (self._out / DECISIONS).exists():
            return None
        noted = read_manifest(self._out).get(CURATION)
        if not isinstance(noted, dict) or noted.get("source") != self._source:
            return None
        if noted.get("filters") != self._config.written() or noted.get("version") != VERSION:
            return None
        page = self._out / PAGE
        return Curation(
            self._out, noted["episodes"], noted["kept"], noted["episodes"] - noted["kept"], noted["reasons"],
            page if page.exists() else None, self._out / DECISIONS,
        )  # fmt: skip

    def carry_out(self, overwrite: bool, write_report: WriteReport | None) -> Curation:
        """Judges, writes, reports."""
        place = workplace_of(self._out)
        with clear_write_errors(place), _locked(place):
            journal = self._open(place)
            with contextlib.closing(journal):
                self._judge_each(journal)
                self._decide(journal, place / DECISIONS)
            if not self._dry_run:
                self._copy(overwrite)
            target = self._out / DECISIONS
            (self._out / CURATION).mkdir(parents=True, exist_ok=True)
            page = None
            if write_report is not None:
                page = write_report(self._dataset, place / DECISIONS, self._config, self._out / PAGE)
            write_parts(target, _blocks(place / DECISIONS))
            (place / DECISIONS).unlink()
            if not self._dry_run:
                shutil.rmtree(place, ignore_errors=True)
        episodes, kept = len(self._dataset), len(self._keep)
        made = None if self._dry_run else self._out
        return Curation(made, episodes, kept, episodes - kept, dict(self._reasons), page, target)

    def _open(self, place: Path) -> Journal:
        (place / DECISIONS).unlink(missing_ok=True)
        return Journal(place, self._source, {name: digest_of(each) for name, each in self._config.sections.items()})

    def _copy(self, overwrite: bool) -> None:
        """Writes the dataset; what a dry run has left at its place makes room."""
        if self._out.is_dir() and not (self._out / MANIFEST).is_file():
            (self._out / DECISIONS).unlink(missing_ok=True)
            shutil.rmtree(self._out / CURATION, ignore_errors=True)
        noted = {
            "version": VERSION,
            "source": self._source,
            "filters": self._config.written(),
            "episodes": len(self._dataset),
            "kept": len(self._keep),
            "reasons": dict(self._reasons),
            "decisions": DECISIONS,
        }
        copy_episodes(
            self._dataset, self._keep, self._out, provenance={CURATION: noted}, resume=True, overwrite=overwrite,
            progress=self._progress, command=self._command,
        )  # fmt: skip

    def _judge_each(self, journal: Journal) -> None:
        """Asks the filters that look at one episode at a time, where they have not been asked yet."""
        known, total = journal.index(), len(self._dataset)
        for number in range(total):
            episode = self._dataset[number]
            before = journal.read(known[key]) if (key := _key(episode)) in known else {}
            self._judge(journal, episode, before)
            if self._progress is not None:
                self._progress("judging", number + 1, total)

    def _judge(self, journal: Journal, episode: EpisodeView, before: Mapping[str, Any]) -> None:
        """Judges an episode, as far as that has not been done before."""
        verdicts, signature = dict(before.get("filters", {})), before.get("signature")
        missing = [name for name in self._judges if name not in verdicts]
        unsigned = self._config.duplicate.enabled and not signature
        if UNREADABLE in verdicts or not (missing or unsigned):
            return
        subject = Subject(episode, self._facts[episode.task])
        try:
            for name in missing:
                verdicts[name] = self._judges[name].judge(subject).record()
            if unsigned:
                signature = journal.add_signature(*signature_of(subject))
        except SimgenError as error:
            verdicts[UNREADABLE] = Verdict(None, None, False, str(error).splitlines()[0]).record()
        journal.add({"key": _key(episode), "filters": verdicts, "signature": signature})

    def _decide(self, journal: Journal, target: Path) -> None:
        """Combines all verdicts, and those of the filters that need them, into one line per episode."""
        known, passed = journal.index(), Passed()
        for number in range(len(self._dataset)):
            line = journal.read(known[_key(self._dataset[number])])
            if all(verdict["keep"] for verdict in self._asked(line).values()):
                passed.add(number, line["signature"])
        together: dict[str, dict[int, Verdict]] = {DUPLICATE: {}, BALANCE: {}}
        if self._config.duplicate.enabled:
            together[DUPLICATE] = judge_duplicates(self._dataset, passed, journal, self._config, self._progress)
        if self._config.balance.enabled:
            left = [number for number in passed.numbers if number not in together[DUPLICATE]]
            together[BALANCE] = judge_balance(self._dataset, left, self._config)
        with clear_write_errors(target):
            write_parts(target, self._decisions(journal, known, together), durable=False)

    def _asked(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """The verdicts of the filters that are on."""
        verdicts = line["filters"]
        return {name: verdicts[name] for name in (*self._judges, UNREADABLE) if name in verdicts}

    def _decisions(
        self, journal: Journal, known: Mapping[str, int], together: Mapping[str, Mapping[int, Verdict]]
    ) -> Iterator[bytes]:
        self._keep, self._reasons = [], Counter()
        for number in range(len(self._dataset)):
            episode = self._dataset[number]
            verdicts = self._asked(journal.read(known[_key(episode)]))
            for name, found in together.items():
                if number in found:
                    verdicts[name] = found[number].record()
            failed = [name for name, verdict in verdicts.items() if not verdict["keep"]]
            self._reasons.update(failed)
            if not failed:
                self._keep.append(number)
            line = {
                "id": number,
                "phase": episode.phase,
                "index": episode.index,
                "seed": episode.seed,
                "task": episode.task,
                "sha256": episode.sha256,
                "kept": not failed,
                "reasons": failed,
                "filters": verdicts,
            }
            yield canonical_json(line) + b"\n"


def _key(episode: EpisodeView) -> str:
    """Tells an episode from the others of its dataset, and its content from other content."""
    return f"{episode.phase}/{episode.index}/{episode.sha256[:16]}"


def _digest(dataset: Dataset) -> str:
    """Tells a dataset from others by what is in it."""
    digest = hashlib.sha256(dataset.manifest["spec_hash"].encode())
    for episode in dataset:
        digest.update(_key(episode).encode())
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            yield block


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    lock = lock_directory(place, patience=0.5)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)
