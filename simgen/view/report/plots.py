"""The plots of the report, each a function from arrays to an SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simgen.view.report.markup import Html
from simgen.view.report.svg import MARGINS, Chart, Range, ticks, widen

LARGE, SMALL = (380, 290), (240, 136)
_SMALL_MARGINS = (10, 10, 8, 22)


@dataclass(frozen=True, eq=False)
class Series:
    """Values with a name and a colour of the style sheet."""

    name: str
    color: str
    values: np.ndarray


def histogram_bins(values: np.ndarray, bounds: Range) -> np.ndarray:
    """Edges of equal bins, more for more values; whole numbers get bins of whole width around them."""
    low, high = bounds
    most = int(np.clip(np.sqrt(2 * len(values)), 6, 24))
    if len(values) and np.array_equal(values, np.round(values)):
        width = max(1, int(np.ceil((high - low + 1) / most)))
        return np.arange(np.floor(low) - 0.5, high + width + 0.5, width)
    return np.linspace(*widen(low, high), most + 1)


def histogram(
    series: Sequence[Series], label: str, x_label: str, small: bool = False, bounds: Range | None = None
) -> Html:
    """Histograms over each other, each as shares of its own series, so that series of different sizes compare."""
    values = np.concatenate([one.values for one in series]).astype(float)
    low, high = bounds if bounds is not None else (float(values.min()), float(values.max()))
    edges = histogram_bins(values, (low, high))
    shares = [np.histogram(one.values, edges)[0] / max(len(one.values), 1) * 100 for one in series]
    top = max(float(share.max()) for share in shares) or 1.0
    span = (float(edges[0]), float(edges[-1]))
    if small:
        chart = Chart(SMALL, span, (0, top * 1.06), y_ticks=(), x_ticks=ticks(span, 5), margins=_SMALL_MARGINS)
    else:
        chart = Chart(LARGE, span, (0, top * 1.06), x_label=x_label, y_label="share of episodes [%]")
    for one, share in zip(series, shares, strict=True):
        _draw_histogram(chart, one, edges, share)
    return chart.svg(label)


def _draw_histogram(chart: Chart, series: Series, edges: np.ndarray, shares: np.ndarray) -> None:
    outline: list[tuple[float, float]] = [(float(edges[0]), 0.0)]
    for left, right, share in zip(edges[:-1], edges[1:], shares, strict=True):
        outline += [(float(left), float(share)), (float(right), float(share))]
    outline.append((float(edges[-1]), 0.0))
    chart.add("path", d=chart.path(outline, closed=True), class_="area", style=f"--c:{series.color}")


def band(series: Sequence[Series], strides: Sequence[int], label: str, x_label: str, y_label: str) -> Html:
    """Median over the rows of each series and the band from the 10th to the 90th percentile, over the columns.

    A line ends where fewer than a tenth of the rows go on.
    """
    curves = [_percentiles(one.values) for one in series]
    x_high = max((len(curve[0]) - 1) * stride for curve, stride in zip(curves, strides, strict=True))
    low = min(float(curve.min()) for curve in curves)
    high = max(float(curve.max()) for curve in curves)
    low = 0.0 if 0 <= low < 0.5 * high else low
    chart = Chart(LARGE, (0, max(x_high, 1)), widen(low, high, 0.04), x_label=x_label, y_label=y_label)
    for one, (bottom, middle, top), stride in zip(series, curves, strides, strict=True):
        times = [float(index * stride) for index in range(len(middle))]
        above, below = list(zip(times, top, strict=True)), list(zip(times, bottom, strict=True))
        chart.add("path", d=chart.path(above + below[::-1], closed=True), class_="band", style=f"--c:{one.color}")
        line = list(zip(times, middle, strict=True))
        chart.add("path", d=chart.path(line), class_="line", style=f"--c:{one.color}")
        if len(line) == 1:
            chart.add(
                "circle", cx=chart.x(0), cy=chart.y(float(middle[0])), r=3, class_="dot", style=f"--c:{one.color}"
            )
    return chart.svg(label)


def _percentiles(rows: np.ndarray) -> np.ndarray:
    """Shape: (3, columns that enough rows reach), float."""
    present = np.isfinite(rows).sum(axis=0)
    columns = max(1, int((present >= max(1, 0.1 * len(rows))).sum()))
    known = rows[:, :columns]
    if not np.isfinite(known).any(axis=0).all():
        return np.zeros((3, 1))
    return np.nanpercentile(known, [10, 50, 90], axis=0)


@dataclass(frozen=True, eq=False)
class Points:
    """Places seen from above.

    Attributes:
        xy: [m]. Shape: (N, 2).
        success: filled dots; the others are rings. Shape: (N,).
    """

    name: str
    color: str
    xy: np.ndarray
    success: np.ndarray


def _equal_frame(xy: np.ndarray) -> tuple[Range, Range]:
    """Bounds of both axes of a large chart, with the same scale and a margin."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    area = np.array([LARGE[0] - MARGINS[0] - MARGINS[1], LARGE[1] - MARGINS[2] - MARGINS[3]])
    half = max(float(((high - low) / area).max()), 1e-4) * 1.12 * area / 2
    (left, bottom), (right, top) = (low + high) / 2 - half, (low + high) / 2 + half
    return (float(left), float(right)), (float(bottom), float(top))


def top_view(points: Sequence[Points], label: str, robot: tuple[float, float] | None) -> Html:
    """Where things are, seen from above, x to the right; a note says where the robot's base is, to the left."""
    x, y = _equal_frame(np.concatenate([one.xy for one in points]))
    chart = Chart(LARGE, x, y, x_label="x [m]", y_label="y [m]")
    for value in ticks(x, 5):
        place = chart.x(value)
        chart.add("line", x1=place, x2=place, y1=chart.top, y2=chart.bottom, class_="grid")
    for one in points:
        for (place_x, place_y), success in zip(one.xy, one.success, strict=True):
            kind = "dot" if success else "ring"
            chart.add("circle", cx=chart.x(place_x), cy=chart.y(place_y), r=3.6, class_=kind, style=f"--c:{one.color}")
    if robot is not None and robot[0] < x[0]:
        place = chart.bottom - 9
        chart.add("path", d=f"M{chart.left + 3} {place}l8 -5v10z", class_="arrow")
        chart.text(chart.left + 15, place + 3.5, f"robot at x = {robot[0]:.2f}, y = {robot[1]:.2f}", "note", "start")
    return chart.svg(label)


def word_bars(counts: Mapping[str, int], colors: Mapping[str, str], label: str, most: int = 8) -> Html:
    """Bars of how often each word was drawn, the most frequent first; `colors` has those that show their own colour."""
    words = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(number for _, number in words[most - 1 :])
    if len(words) > most:
        words = [*words[: most - 1], (f"{len(words) - most + 1} others", rest)]
    line = 22
    height = max(SMALL[1], 14 + line * len(words))
    top = max(number for _, number in words)
    chart = Chart((SMALL[0], height), (0, top), (0, 1), x_ticks=(), y_ticks=(), margins=(82, 34, 6, 8), line=False)
    for row, (word, number) in enumerate(words):
        place = chart.top + 2 + row * line
        shown = word if len(word) <= 12 else word[:11] + "…"
        chart.text(chart.left - 8, place + 12, shown, "tick", "end")
        color = colors.get(word, "var(--accent)")
        width = max(chart.x(number) - chart.left, 2)
        chart.add("rect", x=chart.left, y=place, width=width, height=line - 6, rx=2, class_="bar", style=f"--c:{color}")
        chart.text(chart.left + width + 5, place + 12, str(number), "tick", "start")
    return chart.svg(label)


def sparkline(values: np.ndarray, label: str) -> Html:
    """A curve without axes, stretched to the width of its place, with a line that the page moves along with a video."""
    known = np.where(np.isfinite(values), values, 0.0)
    low, high = widen(float(known.min()), float(known.max()))
    chart = Chart(
        (200, 26), (0, max(len(known) - 1, 1)), (low, high), x_ticks=(), y_ticks=(), margins=(0, 0, 2, 1), line=False
    )
    points = [(float(index), float(value)) for index, value in enumerate(known)]
    points = points if len(points) > 1 else [points[0], (1.0, points[0][1])]
    corners = [(0.0, low), *points, (points[-1][0], low)]
    chart.add("path", d=chart.path(corners, closed=True), class_="spark-area")
    chart.add("path", d=chart.path(points), class_="spark-line")
    return chart.svg(label, class_="spark", preserveAspectRatio="none")
