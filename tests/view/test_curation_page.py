"""The page of a curation shows what was dropped, with its reason and pictures, and each filter's values."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from data.synthetic_episodes import SPEC, make_episode

from simgen.data import DatasetWriter
from simgen.data.curate import CurateConfig, curate_dataset
from simgen.view.curation import write_page


def test_the_page_shows_examples_reasons_and_values(tmp_path: Path, read_page) -> None:
    """Of three episodes one has black pictures; the page names it, shows it and has no link to the outside."""
    episodes = [make_episode(index, size=32) for index in range(3)]
    rgb = episodes[1].arrays["obs/sensor_data/base/rgb"]
    arrays = {**episodes[1].arrays, "obs/sensor_data/base/rgb": np.zeros_like(rgb)}
    episodes[1] = dataclasses.replace(episodes[1], arrays=arrays, instruction="<b>pick</b>")
    with DatasetWriter(tmp_path / "dataset", SPEC, phases=["random"]) as writer:
        for episode in episodes:
            writer.write(episode)
    off = {name: {"enabled": False} for name in ("teleport", "explosion", "fallen", "occlusion", "static", "cut")}

    result = curate_dataset(
        tmp_path / "dataset", tmp_path / "out", CurateConfig.model_validate(off), write_report=write_page
    )

    assert result.reasons == {"blank": 1}
    assert result.report is not None
    page = read_page(result.report)
    text = " ".join(page.texts)
    assert "Blank pictures" in text
    assert "of its frames are blank" in text
    assert page.count("img") == 1
    assert page.count("svg", "chart") >= 5
    assert all(not values.get("src", "data:").startswith("http") for _tag, values in page.elements)
