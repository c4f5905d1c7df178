"""The report of data that were recorded elsewhere claims nothing that nobody labelled."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simgen.data import Episode
from simgen.data.recorded import UNLABELLED
from simgen.view.report import write_report

SPEC = {
    "name": "folding",
    "description": "Recorded data, imported from lerobot v3.0, so101.",
    "cameras": {"base": {"size": [32, 32], "outputs": ["rgb"], "mount": "unknown"}},
    "episode": {"control_hz": 30},
    "source": {"format": "lerobot", "version": "v3.0", "robot_type": "so101"},
}


def test_unlabelled_recordings(
    both_phases: list[Episode],
    write_dataset: Callable[..., Path],
    without: Callable[..., Episode],
    read_page: Callable[[Path], Any],
) -> None:
    recorded = [
        dataclasses.replace(
            without(episode, "rewards", "depth", "segmentation"),
            success=False,
            flags=[UNLABELLED],
            origin={"source": "lerobot", "index": episode.index, "file": f"episode_{episode.index}.mp4"},
        )
        for episode in both_phases
        if episode.phase == "random"
    ]
    page = read_page(write_report(write_dataset(recorded, spec=SPEC)).path)
    texts = [text.strip() for text in page.texts]
    assert "Recorded data, imported from lerobot v3.0, so101." in texts
    assert "not labelled" in texts
    assert "random 0 · episode_0.mp4" in texts
    assert not {"no success", UNLABELLED} & set(texts)
    assert not [text for text in texts if "reward 0" in text]
    assert page.count("b", "no") == 0
