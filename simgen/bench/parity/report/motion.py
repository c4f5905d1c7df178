"""The open loop: how far joints, tool and objects are apart over time, and when objects are first touched."""

from __future__ import annotations

import numpy as np

from simgen.bench.parity.figures import contact_figures, contact_pairs, error_rows
from simgen.bench.parity.open_loop import NEVER, OpenEpisode, OpenLoop
from simgen.bench.parity.report.charts import (
    POLICY_COLORS,
    Times,
    delays,
    errors_over_time,
    share_over_time,
    times_against,
)
from simgen.bench.parity.report.words import seconds
from simgen.bench.parity.result import Parity
from simgen.view.report.markup import Html, element
from simgen.view.report.numbers import percent
from simgen.view.report.page import figure, key, section, swatch, table
from simgen.view.report.plots import Series

_PLOTS = (
    ("joint", "Arm joints", "degrees", 180.0 / np.pi),
    ("tool", "Tool, position", "mm", 1000.0),
    ("object", "Objects, position", "mm", 1000.0),
    ("object_turn", "Objects, orientation", "degrees", 180.0 / np.pi),
)


def by_policy(loop: OpenLoop) -> dict[str, list[OpenEpisode]]:
    """The episodes of each policy that has some."""
    found = {name: [one for one in loop.episodes if one.episode.policy == name] for name in POLICY_COLORS}
    return {name: episodes for name, episodes in found.items() if episodes}


def motion(parity: Parity) -> Html | None:
    """Errors over time and the table of policies."""
    loop, groups = parity.open_loop, by_policy(parity.open_loop)
    if not groups:
        return None
    plots = []
    for name, title, unit, factor in _PLOTS:
        if name.startswith("object") and not loop.bodies:
            continue
        series = [
            Series(policy, POLICY_COLORS[policy], error_rows(episodes, name) * factor)
            for policy, episodes in groups.items()
        ]
        label = f"{title}: error over time in {unit}, median and 95th percentile"
        plots.append(figure(title, errors_over_time(series, loop.control_seconds, label, unit), "error"))
    first, second = parity.names
    note = (
        f"The joint targets of {first} are fed unchanged to {second}. Line: median of the episodes; band: up to the "
        "95th percentile; of the joints and objects of an episode, the one that is farthest off."
    )
    colors = key([(policy, POLICY_COLORS[policy]) for policy in groups])
    shown = element("div", plots, class_="plots four")
    return section("The same joint targets", colors, shown, _policies(parity, groups), note=note, id_="motion")


def _policies(parity: Parity, groups: dict[str, list[OpenEpisode]]) -> Html:
    rows = []
    for policy, episodes in groups.items():
        done = np.array([one.succeeded != NEVER for one in episodes])
        apart = sum(one.parted() is not None for one in episodes)
        rows.append(
            [
                element("span", swatch(POLICY_COLORS[policy]), policy),
                len(episodes),
                f"{apart}",
                percent(float(done[:, 0].mean())),
                percent(float(done[:, 1].mean())),
                percent(float((done[:, 0] == done[:, 1]).mean())),
            ]
        )
    first, second = parity.names
    columns = (
        "Policy", "Episodes", "An object > 1 cm apart", f"Success in {first}", f"Success in {second}",
        "Same outcome",
    )  # fmt: skip
    return element("div", table(columns, rows, numeric=(1, 2, 3, 4, 5)), class_="below")


def contacts(parity: Parity) -> Html | None:
    """When a finger first presses on each object, in both engines."""
    loop, figures = parity.open_loop, contact_figures(parity.open_loop)
    touched = figures["both"] + figures["only_first"] + figures["only_second"]
    if not touched:
        return None
    first, second = parity.names
    series = [Times(policy, POLICY_COLORS[policy], _touch_times(loop, policy)) for policy in by_policy(loop)]
    pairs = contact_pairs(loop)
    both = pairs[(pairs != NEVER).all(1)]
    late = (both[:, 1] - both[:, 0]) * loop.control_seconds
    scatter = times_against(series, parity.names, f"first touches in {second} against those in {first}")
    bars = delays(late, loop.control_seconds, f"{second} later by [s]", "how much later the second engine's touch is")
    note = (
        f"Objects that a finger touched, over all episodes: {touched}. In both engines: {figures['both']} "
        f"({figures['same_step']} in the same step, median difference {seconds(figures['median_difference_s'])}); "
        f"in {first} only: {figures['only_first']}; in {second} only: {figures['only_second']} (rings)."
    )
    plots = [
        figure("First touches", scatter, "one dot per object"),
        figure("Delay", bars, "touched in both"),
        figure("An object is more than 1 cm apart", _parted(loop), "by then"),
    ]
    colors = key([(one.name, one.color) for one in series])
    return section("Contacts", colors, element("div", plots, class_="plots"), note=note, id_="contacts")


def _parted(loop: OpenLoop) -> Html:
    """In which share of the episodes an object is somewhere else, over time."""
    series = []
    for policy, episodes in by_policy(loop).items():
        found = [one.parted() for one in episodes]
        times = np.array([np.nan if parted is None else parted[0] for parted in found]) * loop.control_seconds
        series.append((POLICY_COLORS[policy], times))
    span = max(one.steps for one in loop.episodes) * loop.control_seconds
    return share_over_time(series, span, "share of episodes where an object is more than 1 cm apart, over time")


def _touch_times(loop: OpenLoop, policy: str) -> np.ndarray:
    rows = [one.touched.T for one in loop.episodes if one.episode.policy == policy]
    times = np.concatenate(rows).astype(float) * loop.control_seconds
    times[times < 0] = np.nan
    return times
