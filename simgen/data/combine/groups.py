"""Which episodes must not be torn apart when a dataset is split, and which part each group of them goes to."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from simgen.data.combine.assets import Assets


def share_of(name: str | int) -> float:
    """A number in [0, 1) that depends on a name alone: the same for ever, on all machines."""
    digest = hashlib.sha256(f"simgen split {name}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def part_of_seed(seed: int, fractions: Mapping[str, float]) -> str:
    """The part of an episode: a matter of its seed alone, so that it stays where it is when the dataset grows."""
    share, end = share_of(seed), 0.0
    chosen = [name for name, fraction in fractions.items() if fraction > 0]
    for name in chosen:
        end += fractions[name]
        if share < end:
            return name
    return chosen[-1]


def distribute(sizes: Mapping[str, int], fractions: Mapping[str, float]) -> dict[str, str]:
    """Gives each group to a part, so that the parts come near their fractions of the episodes.

    No part with a fraction above 0 stays empty if there are enough groups. The same groups of the same sizes are always
    dealt out in the same way.

    Args:
        sizes: Episodes of each group.
        fractions: Of each part.

    Returns:
        the part of each group.
    """
    total = sum(sizes.values())
    room = {name: fraction * total for name, fraction in fractions.items() if fraction > 0}
    parts: dict[str, str] = {}
    for group in sorted(sizes, key=lambda group: (-sizes[group], share_of(group), group)):
        parts[group] = max(room, key=lambda name: room[name])
        room[parts[group]] -= sizes[group]
    for name in room:
        _fill(name, parts, sizes)
    return parts


def _fill(name: str, parts: dict[str, str], sizes: Mapping[str, int]) -> None:
    """Gives an empty part the smallest group of those parts that have several."""
    counts = Counter(parts.values())
    spare = [group for group, part in parts.items() if counts[part] > 1]
    if not counts[name] and spare:
        parts[min(spare, key=lambda group: (sizes[group], share_of(group), group))] = name


def by_shared_assets(episodes: Sequence[Assets]) -> list[str]:
    """The group of each episode, such that episodes with an asset in common, whichever object it is, share a group."""
    leaders: dict[str, str] = {}

    def leader(asset: str) -> str:
        while leaders.setdefault(asset, asset) != asset:
            leaders[asset] = leaders[leaders[asset]]
            asset = leaders[asset]
        return asset

    for assets in episodes:
        kinds = sorted(set(assets.values()))
        for other in kinds[1:]:
            one, two = sorted((leader(kinds[0]), leader(other)))
            leaders[two] = one
    return [leader(min(assets.values())) if assets else "" for assets in episodes]


def by_combination(episodes: Iterable[Assets]) -> list[str]:
    """The group of each episode: all that have the same assets as the same objects."""
    return [", ".join(f"{name}: {asset}" for name, asset in sorted(assets.items())) for assets in episodes]
