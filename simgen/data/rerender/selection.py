"""Which episodes of a dataset are wanted."""

from __future__ import annotations

from dataclasses import dataclass

from simgen.data.import_.selection import selected
from simgen.data.reader import Dataset
from simgen.errors import BadInput, unknown


@dataclass(frozen=True)
class EpisodeChoice:
    """Episodes for which all that is given holds.

    Args:
        phase, task: Their phase and task.
        success: Only those that succeeded.
        episodes: Their places among the others that are left, such as "0:10" or "3,7".
    """

    phase: str | None = None
    task: str | None = None
    success: bool = False
    episodes: str | None = None

    @property
    def takes_whole_phases(self) -> bool:
        """Whether nothing but the phase decides."""
        return self.task is None and self.episodes is None and not self.success

    def has_phase(self, phase: str) -> bool:
        """Whether episodes of a phase may be among them."""
        return self.phase in (None, phase)

    def of(self, dataset: Dataset) -> Dataset:
        """Returns the episodes.

        Raises:
            BadInput: A phase or task that is not there, numbers that cannot be read; no episode is left.
        """
        for what, name, there in (("phase", self.phase, dataset.phases), ("task", self.task, dataset.tasks)):
            if name is not None and name not in there:
                raise unknown(what, name, there, where=str(dataset.path))
        chosen = dataset.filter(phase=self.phase, task=self.task, success=True if self.success else None)
        if self.episodes is not None and len(chosen):
            wanted = set(selected(self.episodes, len(chosen)))
            chosen = chosen.filter(where=lambda episode: episode.number in wanted)
        if not len(chosen):
            raise BadInput(
                f"{dataset.path}: holds no episodes that could be drawn" + " of this choice" * self._chooses + "."
            )
        return chosen

    @property
    def _chooses(self) -> bool:
        return self.phase is not None or not self.takes_whole_phases
