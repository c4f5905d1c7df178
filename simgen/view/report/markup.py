"""HTML and SVG from Python calls. Whatever is not `Html` already is escaped, so that data cannot become markup."""

from __future__ import annotations

import html
import numbers
from collections.abc import Iterable

_VOID = {"br", "img", "meta", "hr", "input", "source"}


class Html(str):
    """Text that is markup already; `element` does not escape it."""

    __slots__ = ()


Child = str | int | float | None | Iterable["Child"]


def element(name: str, *children: Child, **attributes: object) -> Html:
    """Makes an element.

    Args:
        name: e.g. "td".
        children: text (escaped), `Html`, numbers, None (nothing), or iterables of these.
        attributes: `class_` is class, `aria_label` is aria-label; None and False leave one out, True has no value.
    """
    start = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}"
    if name in _VOID:
        return Html(start + ">")
    return Html(f"{start}>{join(children)}</{name}>")


def join(children: Child) -> Html:
    """Joins children, escaping what is not `Html`."""
    if children is None:
        return Html("")
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return Html(html.escape(children))
    if isinstance(children, numbers.Number):
        return Html(short(children))
    return Html("".join(join(child) for child in children))  # pyright: ignore[reportGeneralTypeIssues]


def short(value: object) -> str:
    """A number with at most two decimals, as coordinates need it; anything else as text."""
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return f"{float(value):.2f}".rstrip("0").rstrip(".") or "0"
    return str(value)


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(short(value))}"'
