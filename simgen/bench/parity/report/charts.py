"""Charts of a comparison: errors over time on a logarithmic scale, times in one engine against the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simgen.view.report.markup import Html
from simgen.view.report.plots import LARGE, Series
from simgen.view.report.svg import Chart, ticks, widen

FIRST_COLOR, SECOND_COLOR = "var(--phase-1)", "var(--phase-0)"
POLICY_COLORS = {"random": "var(--phase-3)", "teacher": "var(--phase-2)"}
_DECADES = 5  # that an axis shows at most


def errors_over_time(series: Sequence[Series], seconds: float, label: str, unit: str) -> Html:
    """Median over the rows (line) and up to the 95th percentile (band), over the columns.

    Args:
        series: Errors in `unit`. Shape: (episodes, steps); NaN after an episode's end.
        seconds: Length of a step [s].
        label: What it shows, in words.
        unit: Of the values.
    """
    curves = [_percentiles(one.values) for one in series]
    top = max(float(curve.max()) for curve in curves)
    high = math.ceil(math.log10(top) - 1e-9) if top > 0 else 0
    positive = [float(curve[curve > 0].min()) for curve in curves if (curve > 0).any()]
    low = max(high - _DECADES, math.floor(math.log10(min(positive)))) if positive else high - 1
    low = min(low, high - 1)
    span = max(curve.shape[1] - 1 for curve in curves) * seconds
    chart = Chart(LARGE, (0, max(span, seconds)), (low, high), x_label="time [s]", y_label=f"[{unit}]", y_ticks=())
    _decades(chart, low, high)
    for one, curve in zip(series, curves, strict=True):
        heights = np.log10(np.maximum(curve, 10.0**low))
        times = [index * seconds for index in range(curve.shape[1])]
        middle, above = (list(zip(times, row.tolist(), strict=True)) for row in heights)
        chart.add("path", d=chart.path(above + middle[::-1], closed=True), class_="band", style=f"--c:{one.color}")
        chart.add("path", d=chart.path(above), class_="edge", style=f"--c:{one.color}")
        chart.add("path", d=chart.path(middle), class_="line", style=f"--c:{one.color}")
    return chart.svg(label)


def _percentiles(rows: np.ndarray) -> np.ndarray:
    """Median and 95th percentile while at least a tenth of the rows go on. Shape: (2, columns)."""
    going = np.isfinite(rows).sum(axis=0)
    columns = int((going >= max(1, 0.1 * len(rows))).sum())
    return np.nanpercentile(rows[:, :columns], [50, 95], axis=0) if columns else np.zeros((2, 1))


def _decades(chart: Chart, low: int, high: int) -> None:
    for power in range(low, high + 1):
        place = chart.y(power)
        chart.add("line", x1=chart.left, x2=chart.right, y1=place, y2=place, class_="grid")
        chart.text(chart.left - 6, place + 3.5, f"{10.0**power:.6g}", anchor="end")


@dataclass(frozen=True, eq=False)
class Times:
    """When something happened in both engines [s]; NaN: never. Shape: (N, 2)."""

    name: str
    color: str
    values: np.ndarray


def times_against(series: Sequence[Times], names: tuple[str, str], label: str) -> Html:
    """Times in one engine against those in the other; what happened in one only is a ring at the edge."""
    values = np.concatenate([one.values for one in series])
    last = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    bounds = (0.0, last * 1.08 + 1e-6)
    marks = ticks((0.0, last), 5)
    chart = Chart(
        LARGE, bounds, bounds, x_label=f"{names[0]} [s]", y_label=f"{names[1]} [s]", x_ticks=marks, y_ticks=marks
    )
    chart.add("path", d=chart.path([(0.0, 0.0), (bounds[1], bounds[1])]), class_="diagonal")
    for one in series:
        for x, y in one.values:
            if not (np.isfinite(x) or np.isfinite(y)):
                continue
            both = np.isfinite(x) and np.isfinite(y)
            place_x = chart.x(x) if np.isfinite(x) else chart.left + 4
            place_y = chart.y(y) if np.isfinite(y) else chart.bottom - 4
            kind = "dot" if both else "ring"
            chart.add("circle", cx=place_x, cy=place_y, r=3.6, class_=kind, style=f"--c:{one.color}")
    return chart.svg(label)


def delays(values: np.ndarray, step: float, x_label: str, label: str) -> Html:
    """How often the second engine was how much later [s]; in bins of control steps."""
    most = 10
    counted = np.clip(np.round(values / step).astype(int), -most, most)
    reach = max(2, int(np.abs(counted).max()) if len(counted) else 0)
    numbers = [int((counted == late).sum()) for late in range(-reach, reach + 1)]
    low, high = (-(reach + 0.6) * step, (reach + 0.6) * step)
    chart = Chart(LARGE, (low, high), widen(0, max(numbers) * 1.06), x_label=x_label, y_label="number of touches")
    for late, number in zip(range(-reach, reach + 1), numbers, strict=True):
        if not number:
            continue
        left, right, top = chart.x((late - 0.42) * step), chart.x((late + 0.42) * step), chart.y(number)
        color = "var(--good)" if late == 0 else FIRST_COLOR if late > 0 else SECOND_COLOR
        chart.add(
            "rect", x=left, y=top, width=right - left, height=chart.bottom - top, rx=2, class_="bar",
            style=f"--c:{color}",
        )  # fmt: skip
    return chart.svg(label)


def share_over_time(series: Sequence[tuple[str, np.ndarray]], span: float, label: str) -> Html:
    """In which share of the episodes something has happened by then, one curve per colour.

    Args:
        series: Colours, and when it happened in each episode [s]; NaN: never. Shape: (N,).
        span: Length of the axis [s].
        label: What it shows, in words.
    """
    chart = Chart(LARGE, (0.0, span), (0.0, 104.0), x_label="time [s]", y_label="share of episodes [%]")
    for color, times in series:
        points, share = [(0.0, 0.0)], 0.0
        for time in np.sort(times[np.isfinite(times)]).tolist():
            points.append((time, share))
            share += 100.0 / len(times)
            points.append((time, share))
        points.append((span, share))
        chart.add("path", d=chart.path(points), class_="line", style=f"--c:{color}")
    return chart.svg(label)
