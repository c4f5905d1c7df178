"""Writes the page about a curation: what was dropped and why, with pictures, and how the values lie to thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simgen.data import Dataset
from simgen.data.curate import CurateConfig, config_text
from simgen.data.files import clear_write_errors, write_whole
from simgen.view.curation.gather import EXAMPLES, Example, FilterSummary, Summary, gather
from simgen.view.curation.pictures import strip
from simgen.view.report.markup import Html, element
from simgen.view.report.numbers import count, percent
from simgen.view.report.page import figure, key, page, section, table
from simgen.view.report.svg import Chart, tick_text, ticks, widen

_KEPT, _DROPPED = "var(--accent)", "var(--phase-0)"
_SIZE, _MARGINS, _BINS = (380, 200), (40, 22, 14, 36), 30
_TEXTS = {
    "finite": "Values that are no numbers",
    "overflow": "Contact overflow",
    "penetration": "Bodies inside each other",
    "explosion": "Explosions",
    "teleport": "Teleports",
    "energy": "Energy from nothing",
    "fallen": "Out of the world",
    "success": "No success where it is wanted",
    "length": "Too short or too long",
    "saturation": "Actions at their limits",
    "occlusion": "Target never seen",
    "blank": "Blank pictures",
    "static": "Pictures that stand still",
    "flicker": "Flicker",
    "cut": "Cuts",
    "duplicate": "Near-duplicates",
    "balance": "More than enough of a kind",
    "unreadable": "Cannot be read",
}
_UNITS = {
    "finite": "values that are no numbers",
    "overflow": "flags",
    "penetration": "depth / allowed depth",
    "explosion": "speed or acceleration / limit",
    "teleport": "jump / limit",
    "energy": "J/kg gained",
    "fallen": "way out / limit",
    "success": "1 = success",
    "length": "steps",
    "saturation": "share of values at a limit",
    "occlusion": "share of frames that show the target",
    "blank": "share of blank frames",
    "static": "longest still stretch / episode",
    "flicker": "share of the brightness",
    "cut": "change / changes around it",
    "duplicate": "difference / allowed difference",
    "balance": "episodes of the kind",
}
_STYLE = """
.strip img { display: block; width: 100%; image-rendering: auto; }
.strip figcaption { padding: 4px 14px 0; font-size: 12px; color: var(--soft); }
.limit { stroke: var(--phase-0); stroke-width: 1.6; stroke-dasharray: 4 3; }
.limit-text { fill: var(--phase-0); }
.spaced { margin: 22px 0 10px; }
.numbers dd { overflow-wrap: anywhere; }
"""


def write_page(dataset: Dataset, decisions: Path, config: CurateConfig, out: Path) -> Path:
    """Writes one self-contained HTML page.

    Args:
        dataset: That was judged; pictures come from it.
        decisions: Its curation.jsonl.
        config: The settings.
        out: The file.

    Raises:
        SimgenError: If the disk is full.
    """
    summary = gather(decisions, [*config.sections])
    name = str(dataset.spec.get("name") or "dataset")
    parts = [
        _header(name, summary),
        _overview(summary),
        *(_dropped(dataset, each) for each in summary.filters.values() if each.failures),
        _values(summary),
        _settings(config),
    ]
    with clear_write_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, page(f"{name}, curated", parts, _STYLE).encode())
    return out


def _header(name: str, summary: Summary) -> Html:
    dropped = summary.episodes - summary.kept
    worst = max(summary.filters.values(), key=lambda each: each.failures, default=None)
    numbers = [
        ("Judged", count(summary.episodes), "episodes"),
        ("Kept", count(summary.kept), percent(summary.kept / max(1, summary.episodes))),
        ("Dropped", count(dropped), percent(dropped / max(1, summary.episodes))),
    ]
    if worst is not None and worst.failures:
        numbers.append(("Most often", _title(worst.name), f"{count(worst.failures)} episodes"))
    cells = [element("div", element("dt", a), element("dd", b, element("small", c))) for a, b, c in numbers]
    return element(
        "header",
        element("p", "simgen curation", class_="eyebrow"),
        element("button", "◐", id_="theme", title="Light or dark", aria_label="Switch between light and dark"),
        element("h1", name),
        element("dl", cells, class_="numbers"),
    )


def _title(name: str) -> str:
    return _TEXTS.get(name, name)


def _overview(summary: Summary) -> Html:
    rows = [
        (
            _title(each.name),
            each.name,
            count(each.failures),
            _threshold(each),
            count(len(each.kept) + len(each.dropped)),
        )
        for each in summary.filters.values()
    ]
    filters = table(("Filter", "Name", "Dropped", "Threshold", "Measured"), rows, numeric=(2, 3, 4))
    kinds = [(task, phase, count(both[0]), count(both[1])) for (task, phase), both in sorted(summary.tasks.items())]
    by_kind = table(("Task", "Phase", "Judged", "Kept"), kinds, numeric=(2, 3))
    note = "An episode that several filters drop counts for each of them."
    return section("Filters", filters, element("h3", "By task and phase", class_="spaced"), by_kind, note=note)


def _threshold(each: FilterSummary) -> str:
    return ", ".join(f"{value:g}" for value in sorted(each.thresholds)[:3])


def _dropped(dataset: Dataset, each: FilterSummary) -> Html:
    """Examples of what a filter dropped."""
    places = np.unique(np.linspace(0, len(each.examples) - 1, EXAMPLES).round().astype(int))
    chosen = [each.examples[place] for place in places]
    cards = [_card(dataset, each.name, example) for example in chosen]
    note = f"{len(chosen)} of {count(each.failures)} that “{each.name}” dropped."
    return section(_title(each.name), element("div", cards, class_="cards"), note=note, id_=f"filter-{each.name}")


def _card(dataset: Dataset, name: str, example: Example) -> Html:
    episode, verdict = dataset[example.number], example.verdict
    facts = f"{episode.phase} {episode.index} · {episode.length} steps · episode {example.number}"
    frame = None if verdict["frame"] is None else f"frame {verdict['frame']}"
    value = None if verdict["value"] is None else f"measured {verdict['value']:.4g}"
    measured = " · ".join(word for word in (value, frame) if word)
    return element(
        "article",
        strip(episode, verdict["frame"], name, verdict["reason"]),
        element("h3", verdict["reason"]),
        element("p", measured) if measured else None,
        element("p", facts, class_="fine"),
    )


def _values(summary: Summary) -> Html | None:
    """A histogram of each filter's values with its threshold."""
    figures = [chart for each in summary.filters.values() if (chart := _histogram(each)) is not None]
    if not figures:
        return None
    legend = key([("kept by this filter", _KEPT), ("dropped by it", _DROPPED)])
    note = "What was measured, over all episodes; the dashed line is the threshold. Bars are on a logarithmic scale."
    return section("Values and thresholds", legend, element("div", figures, class_="plots"), note=note, id_="values")


def _histogram(each: FilterSummary) -> Html | None:
    kept, dropped = np.asarray(each.kept, float), np.asarray(each.dropped, float)
    values = np.concatenate([kept, dropped])
    missing = f"not measured: {count(sum(each.unmeasured.values()))}" if each.unmeasured else None
    if not len(values):
        reason = next(iter(each.unmeasured), "nothing")
        return figure(_title(each.name), element("p", f"Not measured: {reason}.", class_="fine")) if reason else None
    chart = _bars(each, kept, dropped, values)
    return figure(_title(each.name), chart, missing)


def _bars(each: FilterSummary, kept: np.ndarray, dropped: np.ndarray, values: np.ndarray) -> Html:
    limits = sorted(each.thresholds)[:1]
    high = float(np.quantile(values, 0.995)) if len(values) > 200 else float(values.max())
    high = min(max(high, *(1.25 * limit for limit in limits)), 4 * max([*limits, 0.25 * high])) if limits else high
    low = min(0.0, float(values.min()))
    span = widen(low, high if high > low else low + 1.0)
    edges = np.linspace(*span, _BINS + 1)
    counts = [np.histogram(np.clip(part, *span), edges)[0] for part in (kept, dropped)]
    top = float(np.log10(1 + max(1, counts[0].max(), counts[1].max())))
    labels = [value for value in (1, 10, 100, 1000, 10000, 100000) if np.log10(1 + value) <= top * 1.01]
    chart = Chart(_SIZE, span, (0, top * 1.08), x_label=_UNITS.get(each.name, ""), y_label="episodes",
                  x_ticks=ticks(span, 5), y_ticks=(), margins=_MARGINS)  # fmt: skip
    for value in labels:
        place = chart.y(float(np.log10(1 + value)))
        chart.add("line", x1=chart.left, x2=chart.right, y1=place, y2=place, class_="grid")
        chart.text(chart.left - 6, place + 3.5, tick_text(value), anchor="end")
    for numbers, color in zip(counts, (_KEPT, _DROPPED), strict=True):
        _draw(chart, edges, numbers, color)
    for limit in limits:
        if span[0] <= limit <= span[1]:
            place = chart.x(limit)
            chart.add("line", x1=place, x2=place, y1=chart.top, y2=chart.bottom, class_="limit")
    return chart.svg(f"values measured by {each.name}")


def _draw(chart: Chart, edges: np.ndarray, numbers: Sequence[int] | np.ndarray, color: str) -> None:
    for left, right, number in zip(edges[:-1], edges[1:], numbers, strict=True):
        if number:
            top = chart.y(float(np.log10(1 + number)))
            x = chart.x(float(left))
            chart.add("rect", x=x + 0.5, y=top, width=max(chart.x(float(right)) - x - 1, 1), height=chart.bottom - top,
                      class_="bar", style=f"--c:{color};fill-opacity:.75")  # fmt: skip


def _settings(config: CurateConfig) -> Html:
    summary = element("summary", "All settings, as --config reads them")
    return section("Settings", element("details", summary, element("pre", config_text(config))), id_="settings")
