"""Videos and folders of numbered images: all containers, captions, rates, clips, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from lerobot_files import picture, write_video
from PIL import Image

from simgen.data import check_dataset, open_dataset
from simgen.data.import_ import ImportOptions, import_dataset
from simgen.data.import_.video import VideoReader, probe
from simgen.data.windows import Windows
from simgen.errors import BadInput, SimgenError

CODECS = {"mp4": "libx264", "avi": "mpeg4", "mkv": "ffv1", "webm": "libvpx-vp9"}


def frames_of(episode: int, count: int = 8) -> list[np.ndarray]:
    return [picture(episode, frame) for frame in range(count)]


def write_images(folder: Path, numbers: range | list[int], episode: int = 0) -> None:
    folder.mkdir(parents=True)
    for place, number in enumerate(numbers):
        Image.fromarray(picture(episode, place)).save(folder / f"frame_{number}.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A video of each container with 8 frames at 12 Hz, two of them with captions."""
    for number, (suffix, codec) in enumerate(CODECS.items()):
        write_video(tmp_path / "clips" / f"{number}.{suffix}", frames_of(number), 12, codec)
    (tmp_path / "clips/0.txt").write_text("a robot waves\n", encoding="utf-8")
    beside = {"caption": "the arm lifts", "success": True, "intrinsics": [[30, 0, 23.5], [0, 30, 15.5], [0, 0, 1]]}
    (tmp_path / "clips/2.json").write_text(json.dumps(beside))
    return tmp_path / "clips"


def test_every_container_becomes_an_episode_without_actions(folder: Path, tmp_path: Path) -> None:
    summary = import_dataset(folder, tmp_path / "out")
    assert (summary.format, summary.episodes, summary.frames, summary.fps) == ("video", 4, 28, 12.0)
    assert check_dataset(tmp_path / "out").problems == []
    dataset = open_dataset(tmp_path / "out")
    for number, episode in enumerate(dataset):
        assert episode.actions.shape == (7, 0)
        assert episode.origin["file"] == f"{number}.{list(CODECS)[number]}"
        np.testing.assert_allclose(episode.rgb("camera")[:], np.stack(frames_of(number)), atol=30)
        shown = episode.rgb("camera")[:, 20, 40].mean(axis=-1)
        np.testing.assert_allclose(shown, [picture(number, frame)[20, 40, 0] for frame in range(8)], atol=6)
    np.testing.assert_array_equal(dataset[2].rgb("camera")[:], np.stack(frames_of(2)))  # a lossless codec
    assert [episode.instruction for episode in dataset] == ["a robot waves", "", "the arm lifts", ""]
    assert dataset[2].success
    assert dataset[2].flags == []
    assert dataset[2].arrays["obs/sensor_param/camera/intrinsic_cv"].shape == (8, 3, 3)
    windows = Windows(dataset, 3, ["obs/sensor_data/camera/rgb", "actions"])
    assert len(windows) == 4 * 5
    assert windows[0]["actions"].shape == (3, 0)


def test_long_videos_are_cut_into_clips_that_share_a_frame(folder: Path, tmp_path: Path) -> None:
    options = ImportOptions(clip_seconds=0.25, size=(24, 16), instruction="move")
    summary = import_dataset(folder / "2.mkv", tmp_path / "out", options)
    assert (summary.episodes, summary.frames) == (3, 7)
    dataset = open_dataset(tmp_path / "out")
    shown = [episode.rgb("camera")[:, 10, 20, 0].tolist() for episode in dataset]
    levels = [int(picture(2, frame)[20, 40, 0]) for frame in range(8)]
    assert shown == [levels[:4], levels[3:7], levels[6:]]
    assert [episode.origin["seconds"] for episode in dataset] == [0.0, 0.25, 0.5]
    matrix = dataset[0].arrays["obs/sensor_param/camera/intrinsic_cv"][0]
    np.testing.assert_allclose(matrix, [[15, 0, 11.5], [0, 15, 7.5], [0, 0, 1]])
    assert dataset[0].instruction == "the arm lifts"


def test_numbered_images_need_a_rate(tmp_path: Path) -> None:
    write_images(tmp_path / "source/b", range(8, 12), 1)
    write_images(tmp_path / "source/a", range(98, 103), 0)  # by number, not by name: 100 comes after 99
    (tmp_path / "source/a.txt").write_text("first")
    (tmp_path / "source/b/caption.txt").write_text("second")
    with pytest.raises(BadInput, match="images have no frame rate; say it with --fps"):
        import_dataset(tmp_path / "source", tmp_path / "out")
    import_dataset(tmp_path / "source", tmp_path / "out", ImportOptions(fps=5))
    dataset = open_dataset(tmp_path / "out")
    assert [episode.instruction for episode in dataset] == ["first", "second"]
    np.testing.assert_array_equal(dataset[0].rgb("camera")[:], np.stack(frames_of(0, 5)))
    assert dataset.spec["episode"]["control_hz"] == 5


def test_mixed_rates_are_refused_or_brought_to_one(tmp_path: Path) -> None:
    write_video(tmp_path / "source/slow.mkv", frames_of(0, 6), 5, "ffv1")
    write_video(tmp_path / "source/fast.mkv", frames_of(1, 9), 20, "ffv1")
    with pytest.raises(BadInput, match=r"mixed frame rates: fast.mkv has 20, slow.mkv has 5. --fps"):
        import_dataset(tmp_path / "source", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    import_dataset(tmp_path / "source", tmp_path / "out", ImportOptions(fps=10))
    fast, slow = open_dataset(tmp_path / "out")
    levels = [[int(picture(episode, frame)[20, 40, 0]) for frame in range(9)] for episode in (0, 1)]
    assert fast.rgb("camera")[:, 20, 40, 0].tolist() == levels[1][::2]
    assert slow.rgb("camera")[:, 20, 40, 0].tolist() == [levels[0][frame // 2] for frame in range(11)]


def test_what_is_wrong_is_said_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    (folder / "0.mp4").write_bytes((folder / "0.mp4").read_bytes()[:900])
    write_video(folder / "5.mp4", frames_of(0, 1), 12)
    (folder / "1.json").write_text('{"caption": 3}')
    write_images(folder / "gap", [1, 2, 3, 5])
    with pytest.raises(BadInput) as caught:
        import_dataset(folder, tmp_path / "out", ImportOptions(fps=12))
    for message in (
        "4 of 6 episodes cannot be imported",
        "0.mp4: cannot be opened as a video; is it cut off?",
        "5.mp4: has a single frame",
        "1.json: caption",
        "after image 3 image 4 is missing",
    ):
        assert message in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert import_dataset(folder, tmp_path / "out", ImportOptions(fps=12, skip_bad=True)).skipped == 4


def test_damage_inside_a_video_stops_the_import_and_resume_goes_on(folder: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (12, 64, 96, 3), np.uint8)
    write_video(folder / "1.avi", list(noise), 12, "mpeg4")
    content = bytearray((folder / "1.avi").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = bytes(300)
    (folder / "1.avi").write_bytes(content)
    with pytest.raises(
        SimgenError,
        match=r"episode 1: (?s:.*)1\.avi: the frame at 0\.\d+ s is damaged(?s:.*)--resume --skip-bad goes on",
    ):
        import_dataset(folder, tmp_path / "out")
    summary = import_dataset(folder, tmp_path / "out", ImportOptions(resume=True, skip_bad=True))
    assert (summary.episodes, summary.skipped) == (3, 1)


def test_a_reader_goes_back_and_far_ahead(tmp_path: Path) -> None:
    frames = [np.full((16, 16, 3), level, np.uint8) for level in range(0, 250, 2)]
    write_video(tmp_path / "long.mp4", frames, 25, crf="1", g="10")
    assert probe(tmp_path / "long.mp4").frames == 125
    reader = VideoReader(tmp_path / "long.mp4")
    for frame in (0, 1, 110, 3, 4, 60, 124):
        (image,) = reader.at([frame / 25], tolerance=0.02, early=0.02)
        assert abs(int(image[8, 8, 0]) - 2 * frame) <= 2
    reader.close()
