"""The report in a real browser: its videos play, it fits a phone, it has two themes and asks the network nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import psutil
import pytest
from view.browser import look_at

from simgen.view.report import write_report
from simgen.view.report.videos import ENCODERS

HOSTILE = "</script><img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>" + "long" * 60


def test_report_works_in_a_browser(write_dataset, both_phases, tmp_path):
    episodes = [dataclasses.replace(episode, instruction=HOSTILE) for episode in both_phases]
    written = write_report(write_dataset(episodes))
    seen = look_at(written.path, tmp_path / "profile")
    assert set(seen["paths"]) <= {"/probe.html", "/page.html", "/favicon.ico"}
    assert seen["requests"] == []
    assert seen["hacked"] is None
    assert seen["overflow"] == 0
    first, second = seen["themes"]
    assert first != second
    assert len(seen["videos"]) == 8  # the wall, and seven episodes
    for video in seen["videos"]:
        assert video["error"] is None
        assert video["width"] > 0, video
        assert video["ready"] >= 2, video
        assert video["played"] > 0, video
    assert _rgb_is_that_of_the_dataset(seen["videos"], episodes)
    assert len(seen["lines"]) == 7
    assert all(line.endswith("%") for line in seen["lines"])
    left = [child for child in psutil.Process().children(recursive=True) if "chrom" in child.name()]
    assert not [child for child in left if child.status() != psutil.STATUS_ZOMBIE]


def _rgb_is_that_of_the_dataset(videos: list[dict], episodes: list) -> bool:
    by_name = {f"{episode.phase} episode {episode.index}": episode for episode in episodes}
    compared = [video for video in videos if video["label"] in by_name]
    for video in compared:
        image = by_name[video["label"]].arrays["obs/sensor_data/base/rgb"][0]
        assert np.allclose(video["color"], image.reshape(-1, 3).mean(axis=0), atol=4), video
        length = by_name[video["label"]].length
        assert video["duration"] == pytest.approx((length + 1) / 20 + 0.6, abs=0.08)
    return len(compared) == len(episodes)


def test_the_second_encoder_plays_too(write_dataset, both_phases, tmp_path, monkeypatch):
    monkeypatch.setattr("simgen.view.report.videos.choose_encoder", lambda: ENCODERS[1])
    written = write_report(write_dataset(both_phases[:2]))
    assert 'type="video/webm"' in written.path.read_text(encoding="utf-8")
    videos = look_at(written.path, tmp_path / "profile")["videos"]
    assert len(videos) == 2
    assert all(video["width"] > 0 and video["played"] > 0 for video in videos), videos
