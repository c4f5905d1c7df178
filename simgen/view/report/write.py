"""Writes the report of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simgen.data import open_dataset
from simgen.data.files import write_whole
from simgen.data.reader import Dataset
from simgen.errors import BadInput, SimgenError
from simgen.view.report.gather import control_hz, gather_phases
from simgen.view.report.markup import Html
from simgen.view.report.page import page
from simgen.view.report.sections.distributions import distributions
from simgen.view.report.sections.episodes import episodes_of
from simgen.view.report.sections.overview import header, phase_table, wall
from simgen.view.report.sections.reference import cameras, legend, loading, provenance, throughput
from simgen.view.report.tiles import TilePainter, depth_bounds


@dataclass(frozen=True)
class WrittenReport:
    """A report on disk.

    Attributes:
        path: the HTML file.
        episodes: of the dataset.
        bytes: size of the file.
    """

    path: Path
    episodes: int
    bytes: int


def write_report(dataset: str | Path, out: str | Path | None = None) -> WrittenReport:
    """Writes one self-contained HTML page about a dataset.

    Args:
        dataset: folder of the dataset.
        out: the file; default: report/index.html in the dataset.

    Raises:
        BadInput: if there is no dataset, it has no episode yet, or `out` is a folder.
        SimgenError: if the disk is full or an episode cannot be read.
    """
    opened = open_dataset(dataset)
    try:
        path = Path(out) if out is not None else opened.path / "report" / "index.html"
        if path.is_dir():
            raise BadInput(f"{path}: is a folder; give the file that the report is written to.")
        if not len(opened):
            raise BadInput(f"{opened.path}: has no finished episode that a report could show.")
        content = _page(opened).encode()
        episodes = len(opened)
    finally:
        opened.close()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise SimgenError(f"{path}: cannot be written: {error.strerror}.") from error
    return WrittenReport(path, episodes, len(content))


def _page(dataset: Dataset) -> Html:
    phases = gather_phases(dataset)
    hz = control_hz(dataset)
    shown = [episode for phase in phases for episode in phase.shown]
    painter = TilePainter(depth_bounds(shown))
    films = [episodes_of(phase, painter, hz) for phase in phases]
    return page(
        str(dataset.spec.get("name") or dataset.tasks[0]),
        [
            header(dataset, phases, hz),
            wall(dataset, phases, hz),
            phase_table(phases),
            *films,
            *distributions(dataset, phases, hz),
            cameras(dataset),
            legend(painter, shown),
            throughput(dataset),
            loading(dataset),
            provenance(dataset),
        ],
    )
