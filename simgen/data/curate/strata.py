"""Which episodes stay when there are too many of a kind."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping

from simgen.data.curate.filters.balance import DRAWN, BalanceSpec
from simgen.data.episode_view import EpisodeView
from simgen.data.files import canonical_json

_SURROUNDINGS = ("robot", "ground", "table", "background", "wall", "floor")


def stratum_of(episode: EpisodeView, spec: BalanceSpec, robot: str) -> str:
    """Returns the kind that an episode is of, as people read it: "task=pick_cube, phase=teacher"."""
    return ", ".join(f"{name.removeprefix(DRAWN)}={_value(episode, name, robot)}" for name in spec.by)


def _value(episode: EpisodeView, name: str, robot: str) -> str:
    if name.startswith(DRAWN):
        return canonical_json(episode.randomisation.get(name.removeprefix(DRAWN))).decode()
    if name == "objects":
        labels = episode.segmentation_ids.values()
        return "+".join(sorted({str(label["class"]) for label in labels if label["class"] not in _SURROUNDINGS}))
    return robot if name == "robot" else str(getattr(episode, name))


class Strata:
    """Chooses among episodes of which some kinds are too many.

    Args:
        spec: How many of each.
        counts: How many there are of each.
    """

    def __init__(self, spec: BalanceSpec, counts: Mapping[str, int]) -> None:
        self.most = spec.most if spec.most is not None else min(counts.values(), default=0)
        self._chosen: dict[str, list[tuple[int, int]]] = {}

    def offer(self, stratum: str, number: int, sha256: str) -> None:
        """Takes an episode into account; those whose hashes of hashes are lowest stay, in whatever order they come."""
        rank = int(hashlib.sha256(sha256.encode()).hexdigest()[:16], 16)
        chosen = self._chosen.setdefault(stratum, [])
        if len(chosen) < self.most:
            heapq.heappush(chosen, (-rank, -number))
        elif chosen and (-rank, -number) > chosen[0]:
            heapq.heapreplace(chosen, (-rank, -number))

    def kept(self) -> set[int]:
        """The numbers of the episodes that stay."""
        return {-number for chosen in self._chosen.values() for _rank, number in chosen}
