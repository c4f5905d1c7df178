"""The closed loop: the teacher's success in each engine, and the episodes where the engines disagree."""

from __future__ import annotations

from typing import Any

import numpy as np

from simgen.bench.parity.closed_loop import ClosedLoop
from simgen.bench.parity.figures import disagreeing, disagreement
from simgen.bench.parity.report.charts import (
    FIRST_COLOR,
    POLICY_COLORS,
    SECOND_COLOR,
    Times,
    share_over_time,
    times_against,
)
from simgen.bench.parity.report.words import length, seconds
from simgen.bench.parity.result import Parity
from simgen.view.report.markup import Child, Html, element
from simgen.view.report.numbers import count, interval, percent
from simgen.view.report.page import figure, section, swatch, table

MOST_ROWS = 40


def teacher(parity: Parity, figures: dict[str, Any]) -> Html | None:
    """Success rates, who succeeded where, and how long it took."""
    loop, found = parity.closed_loop, figures["closed_loop"]
    if loop is None or not loop.pairs():
        return None
    columns = ("Engine", "Success", "95 % interval", "Successes", "Median time to success")
    rows = [_rate(name, color, found[name], loop) for name, color in _sides(parity)]
    values = _times(loop)
    times = Times("teacher", POLICY_COLORS["teacher"], values)
    longest = max(max(one.steps, two.steps) for _, one, two in loop.pairs()) * loop.control_seconds
    curves = [(color, values[:, side]) for side, (_, color) in enumerate(_sides(parity))]
    progress = share_over_time(curves, longest, "share of episodes that the teacher has solved, over time")
    plots = [
        figure("Agreement", _agreement(parity.names, found["agreement"]), "episodes"),
        figure("Time to success", times_against([times], parity.names, "time to success"), "rings: in one only"),
        figure("Solved", progress, "by then"),
    ]
    note = (
        "The teacher sees the true state and reacts to it, in each engine on its own, on the same seeds. "
        f"Chance of a difference at least this large if neither were better: {found['mcnemar_p']:.2g} (exact McNemar)."
    )
    table_ = element("div", table(columns, rows, numeric=(3, 4)), class_="above")
    return section(
        "The teacher in each engine", table_, element("div", plots, class_="plots"), note=note, id_="teacher"
    )


def _sides(parity: Parity) -> list[tuple[str, str]]:
    return list(zip(parity.names, (FIRST_COLOR, SECOND_COLOR), strict=True))


def _rate(name: str, color: str, found: dict[str, Any], loop: ClosedLoop) -> list[Child]:
    meter = element("span", class_="meter", style=f"--c:{color};--share:{100 * found['rate']:.1f}%")
    steps = found["median_steps_to_success"]
    return [
        element("span", swatch(color), name),
        element("span", meter, percent(found["rate"]), class_="rate"),
        interval((found["interval"][0], found["interval"][1])),
        f"{found['successes']} of {found['episodes']}",
        seconds(steps * loop.control_seconds) if steps is not None else "",
    ]


def _agreement(names: tuple[str, str], counts: dict[str, int]) -> Html:
    """A table of two by two."""
    first, second = names
    head = element("tr", element("td"), element("th", f"{second} ✓"), element("th", f"{second} ✕"))
    rows = [
        element("tr", element("th", f"{first} ✓"), _cell(counts["both"], True), _cell(counts["only_first"], False)),
        element("tr", element("th", f"{first} ✕"), _cell(counts["only_second"], False), _cell(counts["neither"], True)),
    ]
    return element("table", head, rows, class_="agreement")


def _cell(number: int, agrees: bool) -> Html:
    kind = "none" if not number else "same" if agrees else "other"
    return element("td", number, class_=kind)


def _times(loop: ClosedLoop) -> np.ndarray:
    rows = [
        [one.steps if one.success else np.nan, two.steps if two.success else np.nan] for _, one, two in loop.pairs()
    ]
    return np.array(rows, float) * loop.control_seconds


def disagreements(parity: Parity) -> Html | None:
    """The episodes where success differs or an object is elsewhere."""
    loop = parity.open_loop
    found = disagreeing(loop)
    closed = _closed_rows(parity)
    if not found and not closed:
        return None
    rows = [_row(disagreement(one, loop, parity.names), parity) for one in found[:MOST_ROWS]]
    first, second = parity.names
    columns = ("Episode", "Policy", "Apart", "Object", f"Touched in {first}", f"Touched in {second}", "Largest",
               first, second)  # fmt: skip
    parts: list[Child] = []
    if rows:
        more = (
            f", the {MOST_ROWS} worst of {count(len(found))}; the JSON file has all" if len(found) > MOST_ROWS else ""
        )
        parts += [element("h3", f"Open loop: an object is more than 1 cm apart, or success differs{more}")]
        parts += [table(columns, rows, numeric=(2, 6))]
    if closed:
        parts += [element("h3", "Teacher: success in one engine only"), table(("Episode", first, second), closed)]
    note = "Apart: when an object is first more than 1 cm apart. Touched: when a finger first pressed on what, by then."
    return section("Where they disagree", parts, note=note, id_="disagreements")


def _row(entry: dict[str, Any], parity: Parity) -> list[Child]:
    step = parity.open_loop.control_seconds
    touched = [
        ", ".join(f"{body} {first * step:.2f} s" for body, first in entry["touched_before"][name].items()) or "nothing"
        for name in parity.names
    ]
    when = f"{entry['apart_at_step'] * step:.2f} s" if entry["apart_at_step"] is not None else ""
    return [
        _episode(entry["episode"], entry["seed"]),
        entry["policy"],
        when,
        entry["apart_object"] or "",
        *touched,
        length(entry["largest_distance_m"]),
        *(_mark(entry["success"][name]) for name in parity.names),
    ]


def _closed_rows(parity: Parity) -> list[list[Child]]:
    pairs = parity.closed_loop.pairs() if parity.closed_loop is not None else []
    return [
        [_episode(episode.index, episode.seed), _mark(one.success), _mark(two.success)]
        for episode, one, two in pairs
        if one.success != two.success
    ]


def _episode(index: int, seed: int) -> Html:
    return element("span", str(index), " ", element("small", f"seed {seed}"))


def _mark(success: bool) -> Html:
    return element("span", "✓" if success else "✕", class_="yes" if success else "no")
