"""The picture of examples/benchmarks/growth.py, and what its figures mean for 10^8 episodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

AXES = ("episodes", "objects", "cameras", "workers")
FAR = 10**8
COLOR, FAR_COLOR = "#4269d0", "#e8833a"
NAMES = {"episodes": "episodes", "objects": "things in a scene", "cameras": "cameras", "workers": "workers"}
Value = Callable[[dict[str, Any]], float]
TOTALS: dict[str, Value] = {
    "hours": lambda row: row["seconds"] / 3600,
    "memory [GB]": lambda row: row["peak_bytes"] / 1e9,
    "disk [GB]": lambda row: row["disk_bytes"] / 1e9,
}
SHARES: dict[str, Value] = {
    "ms per frame": lambda row: 1e3 * row["seconds"] / row["frames"],
    "memory [GB]": lambda row: row["peak_bytes"] / 1e9,
    "kB per frame on disk": lambda row: row["disk_bytes"] / row["frames"] / 1e3,
}


def extrapolated(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Returns what 10^8 episodes would take, from the straight line through the two largest rows; None without them."""
    grown = [row for row in rows if row["axis"] == "episodes"][-2:]
    if len(grown) < 2:
        return None
    values = {name: _line(grown, value) for name, value in TOTALS.items()}
    first, last = grown
    return {
        "episodes": FAR,
        "days": values["hours"] / 24,
        "memory_gigabytes": values["memory [GB]"],
        "disk_terabytes": values["disk [GB]"] / 1e3,
        "assumptions": [
            f"one machine like this, episodes of {last['steps']} steps with one camera of {last['side']} px",
            f"time, memory and disk go on along the lines through {first['value']:,} and {last['value']:,} episodes",
            "the disk is large enough and stays as fast",
        ],
    }


def _line(grown: list[dict[str, Any]], value: Value, episodes: float = FAR) -> float:
    first, last = grown
    slope = (value(last) - value(first)) / (last["value"] - first["value"])
    return value(last) + max(0.0, slope) * (episodes - last["value"])


def draw(rows: list[dict[str, Any]], out: Path, machine: dict[str, Any]) -> None:
    """Draws time, memory and disk against what grows."""
    axes = [axis for axis in AXES if any(row["axis"] == axis for row in rows)]
    figure = Figure(figsize=(3.3 * len(axes), 7.6), dpi=130, layout="constrained")
    panels = figure.subplots(3, len(axes), squeeze=False, sharex="col")
    for column, axis in enumerate(axes):
        members = [row for row in rows if row["axis"] == axis]
        shown = TOTALS if axis == "episodes" else SHARES
        for panel, (name, value) in zip(panels[:, column], shown.items(), strict=True):
            _panel(panel, members, value, name)
            if axis == "episodes" and len(members) > 1:
                _extrapolate(panel, members, value)
        panels[0, column].set_title(_title(members[0], axis), fontsize=9.5, loc="left")
        panels[2, column].set_xlabel(NAMES[axis])
    figure.suptitle("What it costs to grow: simgen generate, random policy, everything written", x=0.01, ha="left")
    where = f"{machine['processor']}, {machine['cores']} cores. Dotted: along the line through the largest two rows."
    figure.supxlabel(where, fontsize=8.5, x=0.01, ha="left")
    figure.savefig(out)


def _title(row: dict[str, Any], axis: str) -> str:
    worlds = f"{row['num_envs']} worlds, {row['side']} px, {row['steps']} steps"
    return worlds if axis == "episodes" else f"{row['episodes']} episodes\n{worlds}"


def _panel(panel: Axes, rows: list[dict[str, Any]], value: Value, name: str) -> None:
    places = [row["value"] for row in rows]
    panel.plot(places, [value(row) for row in rows], color=COLOR, marker="o", markersize=4.5, linewidth=1.6)
    panel.set_ylabel(name, fontsize=9)
    panel.grid(visible=True, color="#e2e5e9", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(labelsize=8.5)
    if rows[0]["axis"] == "episodes":
        panel.set_xscale("log")
        panel.set_yscale("log")
        return
    panel.set_xscale("log", base=2)
    panel.set_xticks(places, [str(place) for place in places])
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.set_ylim(0, 1.15 * max(value(row) for row in rows))


def _extrapolate(panel: Axes, rows: list[dict[str, Any]], value: Value) -> None:
    """Goes on to 10^8 along the straight line of the largest two, which bends on logarithmic axes."""
    last = rows[-1]
    places = [last["value"] * (FAR / last["value"]) ** (step / 40) for step in range(41)]
    line = [_line(rows[-2:], value, place) for place in places]
    panel.plot(places, line, color=FAR_COLOR, linestyle=":", linewidth=1.6)
    panel.plot([FAR], [line[-1]], color=FAR_COLOR, marker="o", markersize=4.5, markerfacecolor="white")
    text = f"{line[-1]:,.0f}" if line[-1] >= 100 else f"{line[-1]:.3g}"
    panel.annotate(text, (FAR, line[-1]), textcoords="offset points", xytext=(-7, 3), ha="right", size=8)
