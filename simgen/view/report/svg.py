"""A small chart: a frame with ticks and labels that follows the page's colours, into which plots draw their marks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from simgen.view.report.markup import Child, Html, element

Range = tuple[float, float]
MARGINS = (40, 10, 10, 36)  # left, right, top, bottom


def ticks(bounds: Range, most: int) -> list[float]:
    """At most about `most` round values inside the bounds, in steps of 1, 2 or 5 times a power of ten."""
    low, high = bounds
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    raw = span / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_text(value: float) -> str:
    """A tick's label: thousands as "20k"."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g}M"
    if abs(value) >= 1e4:
        return f"{value / 1e3:.3g}k"
    return f"{value:.6g}" if abs(value) > 1e-12 else "0"


def widen(low: float, high: float, share: float = 0.0) -> Range:
    """Bounds that are never empty, with a margin on both sides."""
    if not high > low:
        half = max(abs(low) * 0.05, 1e-3)
        return low - half, high + half
    margin = share * (high - low)
    return low - margin, high + margin


class Chart:
    """A chart to draw into.

    Args:
        size: width and height of the view box; about as many CSS pixels on the page.
        x, y: what the axes span.
        x_label, y_label: what they show, with the unit.
        x_ticks, y_ticks: where their ticks are; () for none.
        margins: left, right, top and bottom.
        line: whether the x axis is drawn.
    """

    def __init__(
        self,
        size: tuple[int, int],
        x: Range,
        y: Range,
        *,
        x_label: str = "",
        y_label: str = "",
        x_ticks: Sequence[float] | None = None,
        y_ticks: Sequence[float] | None = None,
        margins: tuple[int, int, int, int] = MARGINS,
        line: bool = True,
    ) -> None:
        self.width, self.height = size
        self.left, right, self.top, bottom = margins
        self.right, self.bottom = self.width - right, self.height - bottom
        self._x, self._y = x, y
        self._marks: list[Html] = []
        self._axes(ticks(x, 5) if x_ticks is None else x_ticks, ticks(y, 4) if y_ticks is None else y_ticks)
        if line:
            self.add("line", x1=self.left, x2=self.right, y1=self.bottom, y2=self.bottom, class_="axis")
        self._labels(x_label, y_label)

    def x(self, value: float) -> float:
        """The place of a value [view box]."""
        low, high = self._x
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def y(self, value: float) -> float:
        """The place of a value [view box]."""
        low, high = self._y
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)

    def add(self, name: str, *children: Child, **attributes: object) -> None:
        """Adds an element of SVG."""
        self._marks.append(element(name, *children, **attributes))

    def text(self, x: float, y: float, text: str, class_: str = "tick", anchor: str = "middle") -> None:
        """Adds text at a place of the view box."""
        self.add("text", text, x=x, y=y, class_=class_, text_anchor=anchor)

    def path(self, points: Sequence[tuple[float, float]], closed: bool = False) -> str:
        """The path through points of the axes."""
        places = [f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points]
        return "M" + "L".join(places) + ("Z" if closed else "")

    def svg(self, label: str, class_: str = "chart", **attributes: object) -> Html:
        """The chart as an image; `label` says in words what it shows."""
        box = f"0 0 {self.width} {self.height}"
        return element("svg", self._marks, class_=class_, viewBox=box, role="img", aria_label=label, **attributes)

    def _axes(self, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> None:
        for value in y_ticks:
            self.add("line", x1=self.left, x2=self.right, y1=self.y(value), y2=self.y(value), class_="grid")
            self.text(self.left - 6, self.y(value) + 3.5, tick_text(value), anchor="end")
        for value in x_ticks:
            place = self.x(value)
            self.add("line", x1=place, x2=place, y1=self.bottom, y2=self.bottom + 4, class_="axis")
            self.text(place, self.bottom + 15, tick_text(value))

    def _labels(self, x_label: str, y_label: str) -> None:
        if x_label:
            self.text((self.left + self.right) / 2, self.height - 4, x_label, "label")
        if y_label:
            middle = (self.top + self.bottom) / 2
            self.add(
                "text",
                y_label,
                class_="label",
                text_anchor="middle",
                transform=f"translate(11 {middle:.0f}) rotate(-90)",
            )
