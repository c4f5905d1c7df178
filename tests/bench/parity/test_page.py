"""The page: all of it in one file, in a real browser, and the figures beside it."""

from __future__ import annotations

import json
import re

import pytest
from view.browser import look_at

from simgen.bench.parity import Parity, figures
from simgen.bench.parity.report import check_folder, write_report
from simgen.bench.parity.report.words import angle, length, seconds
from simgen.errors import BadInput


def test_the_page_works_in_a_browser(unequal: Parity, tmp_path) -> None:
    paths = write_report(unequal, tmp_path / "deep" / "parity")
    assert json.loads(paths["figures"].read_text(encoding="utf-8")) == figures(unequal)
    text = paths["report"].read_text(encoding="utf-8")
    for part in ("Missed: segmentation IoU", "First frames", "Masks", "Contacts", "Where they disagree", "worst"):
        assert part in text, part
    assert not re.search(r"\b(nan|None|inf)\b", re.sub(r'"data:[^"]*"', "", text))
    seen = look_at(paths["report"], tmp_path / "profile")
    assert set(seen["paths"]) <= {"/probe.html", "/page.html", "/favicon.ico"}
    assert seen["requests"] == []
    assert seen["overflow"] == 0
    assert seen["themes"][0] != seen["themes"][1]
    (video,) = seen["videos"]
    assert video["error"] is None
    assert video["played"] > 0


def test_the_verdict_is_said_at_the_top(equal: Parity, tmp_path) -> None:
    text = write_report(equal, tmp_path)["report"].read_text(encoding="utf-8")
    assert "All targets met" in text
    assert "Where they disagree" not in text
    assert "simgen parity pick_cube" in text


def test_a_folder_that_is_a_file_is_refused(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="is a file"):
        check_folder(tmp_path / "file")


def test_quantities_are_said_in_their_unit() -> None:
    assert (length(0.0004), length(0.153), length(0.0), length(None)) == ("0.4 mm", "15.3 cm", "0 mm", "none")
    assert (angle(0.15), angle(0.0), seconds(0.05), seconds(None)) == ("8.6°", "0°", "0.05 s", "none")
