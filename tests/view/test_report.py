"""What the report says about a dataset, read from the page itself."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from data.synthetic_episodes import SPEC, make_episode

from simgen.cli import main
from simgen.data import dataset_info
from simgen.data.manifest import add_run
from simgen.errors import BadInput
from simgen.view.report import write_report
from simgen.view.report.numbers import byte_size
from simgen.view.report.videos import MOST_FRAMES, frame_plan

HOSTILE = "\"><img src=x onerror=alert(1)></script><script>window.hacked = 1</script>'&amp;"


def test_page_is_self_contained(report):
    page = report.page
    reached = [values[key] for _, values in page.elements for key in ("src", "href", "poster") if key in values]
    assert reached
    assert all(target.startswith("data:") for target in reached)
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.elements}
    assert "url(" not in report.written.path.read_text(encoding="utf-8")
    policy = next(values["content"] for _, values in page.elements if "http-equiv" in values)
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_numbers_are_those_of_the_dataset(report):
    info = dataset_info(report.folder)
    text = "|".join(report.page.texts)
    assert (report.written.episodes, report.written.bytes) == (7, report.written.path.stat().st_size)
    assert f"Episodes|{info['episodes']}|" in text
    assert f"Steps|{info['frames']}|" in text
    assert f"Images|{(info['frames'] + info['episodes']) * 3}|1 camera, 3 outputs" in text
    assert f"Size|{byte_size(info['bytes'])}|" in text
    assert "Teacher success|57.1 %|4 of 7 attempts" in text
    for name, phase in info["phases"].items():
        row = text.split(f"|{name}|")[1].split("|")
        assert float(row[0].removesuffix(" %")) == pytest.approx(100 * phase["success_rate"], abs=0.05)
        assert [int(cell) for cell in row[2:5]] == [phase["episodes"], phase["attempts"], phase["discarded"]]
        assert int(row[6]) == phase["frames"]
    assert "2 × failure (teacher)" in text
    assert "1 × overflow (teacher)" in text


def test_each_shown_episode_has_its_facts(report):
    page = report.page
    text = " ".join(page.texts)
    assert page.count("article") == page.count("div", "film") == 7
    for episode in report.episodes:
        outcome = "success" if episode.success else "no success"
        pattern = (
            rf"{outcome} {episode.length} steps, [0-9.]+ s · reward {episode.reward_sum:.3g} {episode.phase} "
            rf"{episode.index} · seed {episode.seed}"
        )
        assert re.search(pattern, text), pattern


def test_the_speed_of_each_run_is_shown(write_dataset, both_phases, read_page):
    folder = write_dataset(both_phases)
    assert "Throughput" not in read_page(write_report(folder).path).texts
    for frames in (12_000, 500):
        add_run(
            folder,
            {"frames": frames, "seconds": 40.0, "num_envs": 64, "device": "cpu", "processor": HOSTILE, "cores": 2},
        )
    text = "|".join(read_page(write_report(folder).path).texts)
    assert "|12,000|40.0 s|300|64|" in text
    assert "|500|40.0 s|12|64|" in text


def test_hostile_text_stays_text(write_dataset, both_phases, read_page):
    episodes = [
        dataclasses.replace(
            episode,
            instruction=HOSTILE,
            task=HOSTILE,
            flags=[HOSTILE],
            randomisation={HOSTILE: HOSTILE, "size": episode.seed, "color": ["red", "blue"][episode.index % 2]},
            segmentation_ids={3: {"name": HOSTILE, "class": HOSTILE, "body": HOSTILE}},
        )
        for episode in both_phases
    ]
    spec = SPEC | {"name": HOSTILE, "description": HOSTILE, "robot": {"control": HOSTILE}}
    page = read_page(write_report(write_dataset(episodes, [("teacher", 9, HOSTILE)], spec)).path)
    assert (page.count("script"), page.count("img")) == (1, 0)
    assert not [name for _, values in page.elements for name in values if name.startswith("on")]
    assert page.texts.count(HOSTILE) >= 10
    assert any(HOSTILE in text and text.startswith("1 × ") for text in page.texts)


def test_a_phase_without_episodes_is_left_out_or_shown_by_its_attempts(write_dataset, both_phases, read_page):
    random = [episode for episode in both_phases if episode.phase == "random"]
    folder = write_dataset(random, [("teacher", 0, "failure"), ("teacher", 1, "failure")])
    text = "|".join(read_page(write_report(folder).path).texts)
    assert "Teacher success|0 %|0 of 2 attempts" in text
    assert "Random episodes" in text
    assert "Teacher episodes" not in text


@pytest.mark.parametrize(
    ("left_out", "videos", "labels"),
    [
        (("depth", "segmentation"), 7, {"RGB"}),
        (("rgb", "segmentation"), 7, {"depth"}),
        (("sensor_data", "sensor_param"), 0, set()),
        (("sensor_param", "rewards", "env_states"), 7, {"RGB", "depth", "segmentation"}),
    ],
)
def test_any_output_may_be_missing(write_dataset, both_phases, without, read_page, left_out, videos, labels):
    page = read_page(write_report(write_dataset([without(episode, *left_out) for episode in both_phases])).path)
    assert page.count("div", "film") == videos
    assert {text for text in page.texts if text in ("RGB", "depth", "segmentation")} == labels
    assert page.count("article") == 7


def test_distributions_count_what_was_drawn(write_dataset, both_phases, read_page):
    kinds = ["mug", "bowl", "mug", "plate", "mug", "bowl", "mug"]
    episodes = [
        dataclasses.replace(
            episode,
            segmentation_ids={3: {"name": "cube", "class": kind, "body": "cube"}},
            randomisation={"cube.color": "red" if kind == "mug" else "blue", "light.on": kind == "mug", "same": 1.0},
        )
        for episode, kind in zip(both_phases, kinds, strict=True)
    ]
    text = "|".join(text for text in read_page(write_report(write_dataset(episodes)).path).texts if text.strip())
    assert "cube kind|mug|4|bowl|2|plate|1" in text
    assert "cube.color|red|4|blue|3" in text
    assert "light.on|True|4|False|3" in text
    assert "|same|" not in text
    assert "Start positions from above|cube" in text
    assert [f"|{name}|" in text for name in ("joint 1", "joint 7", "gripper", "joint 8")] == [True, True, True, False]


def test_cameras_of_different_sizes_share_a_video(write_dataset, both_phases, read_page):
    episode = both_phases[0]
    narrow = {
        path.replace("/base/", "/hand/"): array[:, :21, :27] if "sensor_data" in path else array
        for path, array in episode.arrays.items()
        if "/base/" in path
    }
    episode = dataclasses.replace(episode, arrays=episode.arrays | narrow)
    page = read_page(write_report(write_dataset([episode])).path)
    text = "|".join(page.texts)
    assert "base · RGB|depth|segmentation|hand · RGB|depth|segmentation" in text
    assert "|base|32 × 32|" in text
    assert "|hand|27 × 21|" in text
    video = next(values for tag, values in page.elements if tag == "video")
    assert int(video["width"]) % 2 == int(video["height"]) % 2 == 0


def test_long_episodes_are_shown_faster():
    rows, fps, speed = frame_plan(1001, 20.0)
    assert len(rows) <= MOST_FRAMES + 1
    assert (rows[0], rows[-1]) == (0, 1000)
    assert speed == pytest.approx(fps * rows[1] / 20.0)
    assert speed > 1
    assert frame_plan(50, 20.0) == (list(range(50)), 20.0, 1.0)


def test_the_snippet_on_the_page_runs(report):
    folder = report.folder
    code = next(text for text in report.page.texts if text.startswith("import simgen"))
    done = subprocess.run([sys.executable, "-c", code], cwd=folder.parent, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4


def test_command_writes_where_it_is_told(write_dataset, both_phases, tmp_path, capsys):
    folder = write_dataset(both_phases[:1])
    out = tmp_path / "new" / "page.html"
    assert main(["report", str(folder), "--out", str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result == {"report": str(out), "episodes": 1, "bytes": out.stat().st_size}
    assert not (folder / "report").exists()


def test_wrong_input_is_refused(write_dataset, tmp_path, capsys):
    (tmp_path / "nothing").mkdir()
    assert main(["report", str(tmp_path / "nothing")]) == 2
    assert "is not a simgen dataset" in capsys.readouterr().err
    empty = write_dataset([], [("teacher", 0, "failure")])
    assert main(["report", str(empty)]) == 2
    assert "no finished episode" in capsys.readouterr().err
    assert not (empty / "report").exists()


def test_a_page_that_cannot_be_written_is_said_so(write_dataset, tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    folder = write_dataset([make_episode(0)])
    assert main(["report", str(folder), "--out", str(tmp_path / "file" / "page.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_folder_is_no_place_for_the_page(write_dataset, tmp_path: Path):
    folder = write_dataset([make_episode(0)])
    with pytest.raises(BadInput, match="is a folder"):
        write_report(folder, tmp_path)


def test_the_same_dataset_gives_the_same_page(write_dataset, both_phases, tmp_path):
    folder = write_dataset(both_phases[:2])
    pages = [write_report(folder, tmp_path / name).path.read_bytes() for name in ("one.html", "two.html")]
    assert pages[0] == pages[1]
