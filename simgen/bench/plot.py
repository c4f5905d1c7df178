"""Frames per second against worlds and against image size, from results of `simgen bench`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from simgen.bench.conditions import STATE
from simgen.errors import BadInput

SIZE_INCHES, DOTS_PER_INCH = (12.0, 5.4), 150
_COLORS = ("#4269d0", "#e8833a", "#3ca951", "#c9456b", "#7a56b8", "#8a6d3b", "#2f9fa8", "#6b7280")


@dataclass(frozen=True)
class Point:
    """One measured configuration.

    Args:
        worlds: Of all workers together.
        side: Of the images [px]; None: no images.
        rate, low, high: Median, lowest and highest of the turns [1/s].
        outputs: Such as rgb+depth.
        task: Its name.
        source: What it was measured with: engine, device, workers.
        machine: Processor or GPU.
    """

    worlds: int
    side: int | None
    rate: float
    low: float
    high: float
    outputs: str
    task: str
    source: str
    machine: str


def draw_plot(results: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Draws results into a picture; both axes are logarithmic.

    Args:
        results: What `bench` or a sweep returned, or `read_results` read.
        out: File of the picture; its ending says the format (png, svg, pdf).

    Raises:
        BadInput: Nothing was measured; an ending that is no format.
    """
    check_picture(out)
    points = [point for result in results for point in points_of(result)]
    if not points:
        raise BadInput("there is nothing to draw: no configuration was measured.")
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    outputs = list(dict.fromkeys(point.outputs for point in points))
    colors = {name: _COLORS[index % len(_COLORS)] for index, name in enumerate(outputs)}
    _draw(left, points, "worlds", "size", colors)
    _draw(right, [point for point in points if point.side is not None], "size", "worlds", colors)
    left.set_ylabel("frames (or steps without images) per second [1/s]")
    what = "; ".join(dict.fromkeys(f"{point.task}, {point.source}" for point in points))
    figure.suptitle(f"{what}: whole steps, random actions, resets included", fontsize=12, x=0.012, ha="left")
    machines = "; ".join(dict.fromkeys(point.machine for point in points))
    figure.supxlabel(f"Median and range of the turns. Measured on: {machines}", fontsize=8.5, x=0.012, ha="left")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out)


def read_results(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Reads files that `simgen bench --out` wrote.

    Raises:
        BadInput: If one of them is something else.
    """
    results = []
    for path in paths:
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
            points_of(result)
        except OSError as error:
            raise BadInput(f"{path}: cannot be read ({error.strerror}).") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"{path}: is no result of `simgen bench --out` ({type(error).__name__}: {error})."
            ) from error
        results.append(result)
    return results


def points_of(result: Mapping[str, Any]) -> list[Point]:
    """Returns the configurations of a result that were measured."""
    runs = [{**result, **run} for run in result["runs"]] if "runs" in result else [result]
    return [_point(run) for run in runs if "failed" not in run]


def _point(run: Mapping[str, Any]) -> Point:
    low, high = run["spread"]["total"]
    cameras = list(run["cameras"].values())
    workers, machine = run.get("workers", 1), run["machine"]
    outputs = run.get("outputs") or ("+".join(cameras[0]["outputs"]) if cameras else STATE)
    source = f"{run['engine']} on {run['device']}" + (f", {workers} workers" if workers > 1 else "")
    return Point(
        worlds=run["num_envs"] * workers,
        side=None if outputs == STATE or not cameras else cameras[0]["size"][0],
        rate=run["total_fps"],
        low=low,
        high=high,
        outputs=outputs if len(cameras) < 2 else f"{outputs}, {len(cameras)} cameras",
        task=run["task"],
        source=source,
        machine=run.get("device_name") or f"{machine['processor']}, {machine['cores']} cores",
    )


def _draw(axes: Axes, points: Sequence[Point], along: str, kept: str, colors: Mapping[str, str]) -> None:
    """Draws rates along one axis; a line is what has the rest in common."""
    lines: dict[str, list[Point]] = {}
    several = len({(point.task, point.source) for point in points}) > 1
    levels = list(dict.fromkeys(_level(point, kept) for point in points))
    for point in points:
        lines.setdefault(_label(point, kept, several), []).append(point)
    labels = sorted(lines, key=lambda label: -max(point.rate for point in lines[label]))
    for label in labels:
        members = sorted(lines[label], key=lambda point: _place(point, along))
        rates = [point.rate for point in members]
        spread = [[p.rate - p.low for p in members], [p.high - p.rate for p in members]]
        level = levels.index(_level(members[0], kept))
        axes.errorbar(
            [_place(point, along) for point in members], rates, yerr=spread, label=label, capsize=2.5,
            color=colors[members[0].outputs], marker="osD^vP*X"[level % 8], markersize=5.5,
            linestyle=("-", "--", ":", "-.")[level % 4], linewidth=1.6,
        )  # fmt: skip
    _style(axes, sorted({_place(point, along) for point in points}), along)


def _label(point: Point, kept: str, several: bool) -> str:
    level = _level(point, kept)
    words = [point.outputs, level, f"{point.task}, {point.source}" if several else ""]
    return ", ".join(filter(None, words))


def _level(point: Point, kept: str) -> str:
    if kept == "worlds":
        return f"{point.worlds} worlds"
    return "" if point.side is None else f"{point.side} px"


def _place(point: Point, along: str) -> int:
    return point.worlds if along == "worlds" else point.side or 0


def _style(axes: Axes, places: Sequence[int], along: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("worlds at once" if along == "worlds" else "side of the images [px]")
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if f"{value:.0e}"[0] in "25" else ""))
    axes.tick_params(axis="y", which="both", labelsize=8.5, labelleft=True)
    axes.grid(visible=True, which="major", color="#d4d7dc", linewidth=0.8)
    axes.grid(visible=True, which="minor", axis="y", color="#eceef1", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if places:
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(0.0, -0.13), ncols=2)
    else:
        axes.text(0.5, 0.5, "no images were measured", transform=axes.transAxes, ha="center", color="#6b7280")


def check_picture(out: Path) -> None:
    """Refuses a file whose ending is no format of pictures; for before anything is measured.

    Raises:
        BadInput: Says which formats there are.
    """
    allowed = sorted(Figure().canvas.get_supported_filetypes())
    if out.suffix.lstrip(".") not in allowed:
        raise BadInput(f"--plot {out}: the ending says the format; allowed are {', '.join(allowed)}.")
