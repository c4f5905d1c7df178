"""A small dataset with both phases, and what tests ask of a page."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from data.synthetic_episodes import SPEC, make_episode

from simgen.data import DatasetWriter, Episode
from simgen.view.report import WrittenReport, write_report

WriteDataset = Callable[..., Path]


class Page(HTMLParser):
    """What is in a page: elements with their attributes, and the text that is neither style nor script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self._inside not in ("style", "script"):
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def count(self, tag: str, class_: str | None = None) -> int:
        return sum(name == tag and class_ in (None, values.get("class")) for name, values in self.elements)


@dataclasses.dataclass(frozen=True)
class Report:
    """A dataset with its report."""

    folder: Path
    written: WrittenReport
    page: Page
    episodes: list[Episode]


def _write(
    folder: Path, episodes: Sequence[Episode], discarded: Sequence[tuple[str, int, str]] = (), spec: dict | None = None
) -> Path:
    phases = ["random", "teacher"]
    with DatasetWriter(folder, spec or SPEC, episodes_per_shard=4, phases=phases, codec="zstd") as writer:
        for episode in episodes:
            writer.write(episode)
        for phase, index, reason in discarded:
            writer.discard(phase, index, index, reason)
    return folder


def _both_phases() -> list[Episode]:
    random = [make_episode(index, "random", length=8 + index, size=32) for index in range(3)]
    teacher = [make_episode(index, "teacher", length=6, size=32) for index in range(4)]
    return [*random, *(dataclasses.replace(episode, success=True) for episode in teacher)]


@pytest.fixture
def both_phases() -> list[Episode]:
    """Three random and four teacher episodes with images of 32 x 32 pixels; all of the teacher's succeed."""
    return _both_phases()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of `both_phases` with three discarded attempts of the teacher."""
    discarded = [("teacher", 4, "failure"), ("teacher", 5, "failure"), ("teacher", 6, "overflow")]
    folder = _write(tmp_path_factory.mktemp("report") / "dataset", _both_phases(), discarded)
    written = write_report(folder)
    return Report(folder, written, Page(written.path.read_text(encoding="utf-8")), _both_phases())


@pytest.fixture
def read_page() -> Callable[[Path], Page]:
    return lambda path: Page(path.read_text(encoding="utf-8"))


@pytest.fixture
def write_dataset(tmp_path: Path) -> WriteDataset:
    """Writes a dataset with these episodes and discarded attempts (phase, index, reason); returns its folder."""
    return functools.partial(_write, tmp_path / "dataset")


@pytest.fixture
def without() -> Callable[..., Episode]:
    """Leaves out the arrays whose path holds one of the given words."""

    def leave_out(episode: Episode, *words: str) -> Episode:
        arrays: dict[str, np.ndarray] = {
            path: array for path, array in episode.arrays.items() if not any(word in path for word in words)
        }
        return dataclasses.replace(episode, arrays=arrays)

    return leave_out
