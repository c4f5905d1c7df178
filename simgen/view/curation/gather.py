"""Goes through the decisions of a curation once and keeps what its page shows, however many there are."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXAMPLES = 6  # of each filter that are shown


@dataclass(frozen=True)
class Example:
    """An episode that a filter dropped.

    Args:
        number: Its place in the dataset.
        verdict: Of the filter: value, threshold, reason, frame.
    """

    number: int
    verdict: dict[str, Any]


@dataclass
class FilterSummary:
    """What a filter did.

    Args:
        name: Of the filter.
        kept, dropped: The values that it measured.
        failures: How many episodes it dropped.
        unmeasured: Why nothing could be measured, and how often.
        thresholds: That it compared values with.
        examples: Some of those that it dropped, spread over all.
    """

    name: str
    kept: array = field(default_factory=lambda: array("f"))
    dropped: array = field(default_factory=lambda: array("f"))
    failures: int = 0
    unmeasured: Counter[str] = field(default_factory=Counter)
    thresholds: set[float] = field(default_factory=set)
    examples: list[Example] = field(default_factory=list)


@dataclass
class Summary:
    """All decisions.

    Args:
        episodes, kept: How many there are, and how many stay.
        tasks: Episodes and those that stay, by task and phase.
        filters: By name, in the order in which they are applied.
    """

    episodes: int = 0
    kept: int = 0
    tasks: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    filters: dict[str, FilterSummary] = field(default_factory=dict)


def gather(decisions: Path, order: Sequence[str]) -> Summary:
    """Reads curation.jsonl.

    Args:
        order: Names of the filters, in the order in which they are applied.
    """
    summary = Summary()
    with open(decisions, encoding="utf-8") as file:
        for line in file:
            _take(summary, json.loads(line))
    places = {name: place for place, name in enumerate(order)}
    known = sorted(summary.filters.values(), key=lambda each: places.get(each.name, len(places)))
    summary.filters = {each.name: each for each in known}
    return summary


def _take(summary: Summary, decision: dict[str, Any]) -> None:
    summary.episodes += 1
    summary.kept += decision["kept"]
    counts = summary.tasks.setdefault((decision["task"], decision["phase"]), [0, 0])
    counts[0] += 1
    counts[1] += decision["kept"]
    for name, verdict in decision["filters"].items():
        known = summary.filters.setdefault(name, FilterSummary(name))
        if verdict["threshold"] is not None:
            known.thresholds.add(verdict["threshold"])
        if verdict["value"] is not None:
            (known.kept if verdict["keep"] else known.dropped).append(verdict["value"])
        elif verdict["keep"]:
            known.unmeasured[verdict["reason"]] += 1
        if not verdict["keep"]:
            _add_example(known, Example(decision["id"], verdict))


def _add_example(known: FilterSummary, example: Example) -> None:
    """Keeps examples that are spread over all that come: every second goes whenever there are too many."""
    stride = 1
    while known.failures // stride >= 2 * EXAMPLES:
        stride *= 2
    if known.failures % stride == 0:
        if len(known.examples) >= 2 * EXAMPLES:
            known.examples = known.examples[::2]
        known.examples.append(example)
    known.failures += 1
