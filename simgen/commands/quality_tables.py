"""Tables of `simgen info --full` for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simgen.commands.output import show_table

MOST_COLUMNS = 8  # of an array that the table of normalisation shows; the JSON has all


def show_quality(quality: Mapping[str, Any]) -> None:
    """Shows what `simgen.data.quality.dataset_quality` returns."""
    _coverage(quality["coverage"])
    _diversity(quality["diversity"])
    _success(quality["success"])
    _normalisation(quality["normalisation"])


def _coverage(coverage: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [
        (
            name,
            seen["episodes"],
            seen["kinds"],
            seen["colors"],
            *(_of(seen[part], "filled") for part in ("places", "headings")),
            _of(seen["combinations"], "seen"),
        )
        for name, seen in coverage.items()
    ]
    columns = ("object", "episodes", "kinds", "colours", "places", "headings", "kinds x colours x places")
    show_table("\nCoverage: places are cells of an 8 x 8 grid, headings sectors of 45 degrees", columns, rows)


def _of(share: Mapping[str, int], name: str) -> str:
    return f"{share[name]} of {share['of']}"


def _diversity(diversity: Mapping[str, Any]) -> None:
    title = f"\nDiversity: {diversity['seeds']} seeds, {diversity['instructions']} instructions; evenness is 1 at most"
    rows = [
        (name, drawn["distinct"], f"{drawn['evenness']:.2f}", drawn.get("lowest"), drawn.get("highest"))
        for name, drawn in diversity["drawn"].items()
    ]
    show_table(title, ("drawn", "distinct", "evenness", "lowest", "highest"), rows)


def _success(success: Mapping[str, Mapping[str, list[Mapping[str, Any]]]]) -> None:
    rows = [
        (phase, name, row["value"], row["episodes"], f"{row['rate']:.1%}", "{:.1%} to {:.1%}".format(*row["interval"]))
        for phase, tables in success.items()
        for name, table in tables.items()
        if name == "all" or (tables["all"] and 0 < tables["all"][0]["rate"] < 1)
        for row in table
    ]
    title = "\nSuccess of the stored episodes by stratum, where some succeeded and some did not"
    show_table(title, ("phase", "stratum", "value", "episodes", "success", "95 % interval"), rows)


def _normalisation(normalisation: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [
        (path, values["count"], *(_numbers(values.get(name)) for name in ("mean", "std", "q01", "q99")))
        for path, values in normalisation.items()
    ]
    show_table("\nNormalisation (--json has all columns)", ("array", "rows", "mean", "std", "q01", "q99"), rows)


def _numbers(values: list[float] | None) -> str:
    if values is None:
        return ""
    shown = ", ".join(f"{value:.3g}" for value in values[:MOST_COLUMNS])
    return shown + (", ..." if len(values) > MOST_COLUMNS else "")
