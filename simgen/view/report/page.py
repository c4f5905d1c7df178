"""The frame of the page: style, script, and the sections one below the other. Nothing in it comes from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simgen.view.report.markup import Child, Html, element

_HERE = Path(__file__).parent
# The browser itself refuses whatever would reach out of the page.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; media-src data: blob:"
)


def page(title: str, sections: Sequence[Html | None], style: str = "") -> Html:
    """The whole document; `style` is added to the style sheet."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", f"{title} · simgen"),
        element("style", _source("style.css"), Html(style)),
    )
    shown = [part for part in sections if part]
    body = element("body", element("main", shown), element("script", _source("script.js")))
    return Html("<!doctype html>\n" + element("html", head, body, lang="en") + "\n")


def section(title: str, *children: Child, note: Child = None, id_: str | None = None) -> Html:
    """A section with a heading and, below it, a sentence in small print."""
    return element("section", element("h2", title), note and element("p", note, class_="note"), children, id_=id_)


def figure(title: Child, content: Child, note: Child = None, class_: str = "figure") -> Html:
    """A titled picture."""
    return element("figure", element("figcaption", title, note and element("small", note)), content, class_=class_)


def table(columns: Sequence[str], rows: Sequence[Sequence[Child]], numeric: Sequence[int] = ()) -> Html:
    """A table that scrolls sideways where the screen is narrow; `numeric` columns are set flush right."""
    kind = ["number" if index in numeric else None for index in range(len(columns))]
    head = element("tr", [element("th", name, class_=kind[index]) for index, name in enumerate(columns)])
    body = [element("tr", [element("td", cell, class_=kind[i]) for i, cell in enumerate(row)]) for row in rows]
    return element("div", element("table", element("thead", head), element("tbody", body)), class_="scroll")


def key(entries: Sequence[tuple[str, str]]) -> Html:
    """What the colours of a plot mean: names and colours."""
    return element("p", [element("span", swatch(color), name) for name, color in entries], class_="key")


def swatch(color: str) -> Html:
    """A small square of a colour."""
    return element("i", class_="swatch", style=f"--c:{color}")


def _source(name: str) -> Html:
    return Html((_HERE / name).read_text(encoding="utf-8"))
