"""What an exporter is: it opens a writer in a folder, adds episodes one by one, finishes, and reads all of it back.

Which episodes and arrays there are decides `selection.py`; where files go, what is finished and what may be removed
keeps `folder.py`; `run.py` puts them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from simgen.errors import SimgenError

if TYPE_CHECKING:
    from simgen.data.export.folder import ExportFolder
    from simgen.data.export.selection import ExportEpisode, Selection
    from simgen.data.reader import Dataset

Actions = Literal["actions", "executed_actions", "actions_ee"]


@dataclass(frozen=True)
class ExportOptions:
    """What to export, and how.

    Attributes:
        format: name of the exporter.
        phase, task: only episodes of these; None: all.
        success: only episodes that succeeded (True) or did not (False); None: both.
        episodes: which of those that are left, by their places, such as "0:10" or "3,7".
        cameras: which ones; empty: all.
        outputs: which of "rgb", "depth", "segmentation", ...; empty: all that the format can hold.
        states: which arrays below obs/, as "qpos", "agent/qpos" or "extra/*"; empty: all; ("none",): none.
        actions: which array becomes the action.
        size: width and height of all images [px]; None: as recorded.
        settings: what only this format knows, by name.
        overwrite: replace an earlier export at the same place.
        verify: read everything back and compare it with the dataset.
    """

    format: str
    phase: str | None = None
    task: str | None = None
    success: bool | None = None
    episodes: str | None = None
    cameras: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    actions: Actions = "actions"
    size: tuple[int, int] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    overwrite: bool = False
    verify: bool = True


class ExportSettings(BaseModel):
    """What only one format knows; each field needs a description, which --help and error messages show."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class ExportJob:
    """What an exporter is told.

    Attributes:
        selection: the chosen episodes, and what arrays they have; `selection.episode(number)` reads one.
        settings: of the exporter's own class.
        command: as the user typed it; None from Python.
    """

    selection: Selection
    options: ExportOptions
    settings: Any
    command: str | None = None

    @property
    def dataset(self) -> Dataset:
        """The chosen episodes."""
        return self.selection.dataset


@dataclass(frozen=True)
class Verified:
    """What reading back showed; differences are raised, not returned.

    Attributes:
        by: what read it: names and versions, e.g. "pyarrow 26.0.1, PyAV 18.1.0".
        exact: features that are bit for bit what the dataset has.
        within: features that are not, with the measured difference in words.
    """

    by: str
    exact: tuple[str, ...] = ()
    within: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CardPart:
    """What only the exporter can say on the card.

    Attributes:
        title: of the format, with its version.
        features: rows of (name in the export, dtype and shape, meaning with units).
        load: Python that loads the export and can be run as it stands, beside the export.
        requires: packages that `load` needs, as pip names them.
        left_out: what the dataset has and the export has not, and why.
        notes: whatever else a reader should know.
        tags: words for the front matter of the card, which hubs read.
    """

    title: str
    features: tuple[tuple[str, str, str], ...]
    load: str
    requires: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class ExportWriter(Protocol):
    """An export that is being written."""

    def add(self, episode: ExportEpisode) -> Mapping[str, Any]:
        """Writes an episode, which is durable when this returns.

        Returns:
            what the exporter wants to know of it later, as JSON; `folder.entries()` gives it back.
        """
        ...

    def finish(self) -> None:
        """Writes what is left, such as metadata; after a crash in it, it is called again by a new writer."""
        ...

    def close(self) -> None:
        """Lets go of what is open; called once, also after an error."""
        ...


class Exporter(Protocol):
    """One format.

    Attributes:
        name: what `--to` takes.
        summary: one line for --help.
        settings: class of what only this format knows.
        uniform: whether all episodes must have the same arrays with the same shapes, and one control rate.
        outputs: image outputs that it can hold; empty: all.
    """

    name: str
    summary: str
    settings: type[ExportSettings]
    uniform: bool
    outputs: tuple[str, ...]

    def check(self, job: ExportJob) -> None:
        """Refuses what the format cannot hold, or what needs a package that is missing.

        Raises:
            BadInput: before anything is written.
        """
        ...

    def begin(self, job: ExportJob, folder: ExportFolder) -> ExportWriter:
        """Opens a writer, also one that goes on: `folder.entries()` are the finished episodes, in order."""
        ...

    def verify(self, job: ExportJob, out: Path, episodes: Iterable[ExportEpisode]) -> Verified:
        """Reads all of it back by another way than it was written, and compares it with the dataset.

        Args:
            episodes: as they were added, read anew from the dataset; going through them moves the progress bar.

        Raises:
            SimgenError: names the file, the episode and the feature that differ.
        """
        ...

    def card(self, job: ExportJob, out: Path) -> CardPart:
        """Says what only the exporter knows, from what was written."""
        ...


@dataclass(frozen=True)
class ExportSummary:
    """An export that is finished.

    Attributes:
        frames: steps; the sum of the episodes' lengths.
        bytes: of all its files.
        verified_with: what read it back; None if that was not wanted.
    """

    format: str
    out: Path
    episodes: int
    frames: int
    bytes: int
    verified_with: str | None


def require_equal(same: bool, out: Path, episode: ExportEpisode, feature: str) -> None:
    """Raises SimgenError if what was read back of an episode is not what the dataset has."""
    if not same:
        raise SimgenError(
            f"{out}: what was read back of {episode.view.phase} episode {episode.view.index} (number "
            f"{episode.number} of the export) is not what the dataset has: {feature}. The export is not usable; "
            "--overwrite makes it anew."
        )
