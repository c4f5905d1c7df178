"""Words of the views: what comes from files is shown as it stands, never as markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_SPECIAL = "\\`*_{}[]()<>#+-.!|~&"


def escaped(text: str, most: int = 400) -> str:
    """Returns a text of which Markdown and HTML leave every letter as it is."""
    short = text if len(text) <= most else text[: most - 3] + "..."
    return "".join(f"&#{ord(letter)};" if letter in _SPECIAL else letter for letter in " ".join(short.split()))


def verdict(success: bool, flags: Sequence[str] = ()) -> str:
    """Returns how an episode ended, in a few words."""
    words = [escaped(flag) for flag in flags if flag != "failure"]
    return " · ".join(["**success**" if success else "no success", *words])


def number(value: float) -> str:
    """Returns a number with three digits that count."""
    return f"{value:.3g}"


def table(rows: Mapping[str, object], head: tuple[str, str]) -> str:
    """Returns a Markdown table of two columns."""
    lines = [f"| {head[0]} | {head[1]} |", "|:--|--:|"]
    lines += [f"| {escaped(str(name))} | {escaped(str(value))} |" for name, value in rows.items()]
    return "\n".join(lines)
