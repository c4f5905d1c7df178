"""LeRobot datasets: what is in them comes over, wherever it lies, and what is wrong with them is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lerobot_files import KEY, Made, change_info, info_of, picture, write_v2, write_v3, write_video

from simgen.data import check_dataset, open_dataset
from simgen.data.import_ import ImportOptions, ImportSummary, import_dataset
from simgen.data.import_.base import Unusable
from simgen.data.import_.registry import importers
from simgen.data.manifest import read_manifest
from simgen.errors import BadInput

WRITERS = {"v3.0": write_v3, "v2.1": write_v2}


@pytest.fixture(scope="module", params=WRITERS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return WRITERS[request.param](tmp_path_factory.mktemp("lerobot") / "so101_cubes")


@pytest.fixture(scope="module")
def imported(made: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[ImportSummary, Path]:
    """The whole of it, imported once."""
    out = tmp_path_factory.mktemp("imported") / "out"
    return import_dataset(made.root, out), out


@pytest.fixture
def copied(made: Made, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(shutil.copytree(made.root, tmp_path / "source"))


def data_file(root: Path, episode: int) -> Path:
    files = sorted(root.glob("data/*/*.parquet"))
    return files[min(episode, len(files) - 1)]


def video_file(root: Path, episode: int) -> Path:
    files = sorted(root.glob("videos/**/*.mp4"))
    return files[episode if len(files) == 3 else (0, 0, 1)[episode]]


def test_every_episode_comes_over_with_its_own_frames(made: Made, imported: tuple[ImportSummary, Path]) -> None:
    summary, out = imported
    assert (summary.episodes, summary.frames, summary.skipped, summary.fps) == (3, 18, 0, 10.0)
    assert check_dataset(out).problems == []
    dataset = open_dataset(out)
    for number, (episode, columns) in enumerate(zip(dataset, made.columns, strict=True)):
        steps = len(columns["action"])
        assert (episode.length, episode.phase, episode.task) == (steps, "recorded", "so101_cubes")
        np.testing.assert_array_equal(episode.actions, columns["action"])
        np.testing.assert_array_equal(episode.rewards, columns["next.reward"])
        states = columns["observation.state"]
        np.testing.assert_array_equal(episode.obs["extra/state"][()], np.concatenate([states, states[-1:]]))
        assert episode.origin["last_observation"] == "repeated"
        assert episode.reward_sum == 1.0
        assert episode.success == (number != 1)
        assert episode.instruction == made.tasks[number % 2]
        assert episode.origin["index"] == number
        shown = episode.rgb("front")[:, 20, 40, 0].astype(int)
        levels = [picture(number, min(frame, steps - 1))[20, 40, 0] for frame in range(steps + 1)]
        np.testing.assert_allclose(shown, levels, atol=3)


def test_the_dataset_says_what_it_is(made: Made, imported: tuple[ImportSummary, Path]) -> None:
    manifest = read_manifest(imported[1])
    source = manifest["spec"]["source"]
    assert (source["format"], source["fps"], source["robot_type"]) == ("lerobot", 10.0, "so101_follower")
    assert source["success"] == "labelled"
    assert "the last observation, after which nothing was seen, is stored twice" in source["last_step"]
    assert imported[0].remarks == (source["last_step"],)
    assert source["features"]["observation.state"] == {"dtype": "float32", "shape": [6], "path": "obs/extra/state"}
    assert manifest["features"]["obs/extra/state"]["names"][0] == "shoulder_pan.pos"
    assert manifest["features"]["actions"]["unit"] == "as in the source"
    assert manifest["spec"]["episode"]["control_hz"] == 10.0
    assert str(made.root) not in json.dumps(manifest)


def test_the_last_action_can_be_dropped_instead(made: Made, tmp_path: Path) -> None:
    import_dataset(made.root, tmp_path / "out", ImportOptions(last_step="drop-action"))
    episode = open_dataset(tmp_path / "out")[2]
    np.testing.assert_array_equal(episode.actions, made.columns[2]["action"][:-1])
    np.testing.assert_array_equal(episode.obs["extra/state"][()], made.columns[2]["observation.state"])
    assert episode.rgb("front").shape == (7, 32, 48, 3)
    assert (episode.rewards.sum(), episode.reward_sum, episode.success) == (0.0, 1.0, True)


def test_a_part_of_it_smaller_and_renamed(made: Made, tmp_path: Path) -> None:
    options = ImportOptions(episodes="1:", size=(12, 8), task="cubes", cameras=("front",))
    assert import_dataset(made.root, tmp_path / "out", options).episodes == 2
    dataset = open_dataset(tmp_path / "out")
    assert [episode.index for episode in dataset] == [1, 2]
    assert dataset.tasks == ["cubes"]
    assert dataset[0].rgb("front").shape == (6, 8, 12, 3)
    np.testing.assert_allclose(dataset[1].rgb("front")[3, 4, 10], picture(2, 3)[20, 40], atol=3)


def test_joints_of_a_robot_that_we_know_are_joint_positions(tmp_path: Path) -> None:
    made = write_v2(tmp_path / "source")
    names = [f"panda_joint{number}" for number in range(1, 8)] + ["panda_finger_joint1", "panda_finger_joint2"]
    info = info_of("v2.1", 10.0, (6, 5, 7))
    info["robot_type"] = "panda"
    info["features"]["observation.state"] = {"dtype": "float32", "shape": [9], "names": {"motors": names}}
    (made.root / "meta/info.json").write_text(json.dumps(info))
    state = np.random.default_rng(0).standard_normal((6, 9)).astype(np.float32)
    table = pq.read_table(data_file(made.root, 0)).drop_columns(["observation.state"])
    pq.write_table(table.append_column("observation.state", pa.array(state.tolist())), data_file(made.root, 0))
    import_dataset(made.root, tmp_path / "out", ImportOptions(episodes="0"))
    np.testing.assert_array_equal(open_dataset(tmp_path / "out")[0].obs["agent/qpos"][:-1], state)


def test_images_and_depth_inside_the_tables_come_over_exactly(tmp_path: Path) -> None:
    root = write_v2(tmp_path / "source", lengths=(4,)).root
    info = json.loads((root / "meta/info.json").read_text())
    del info["features"][KEY]
    info["features"]["observation.image"] = {
        "dtype": "image",
        "shape": [3, 32, 48],
        "names": ["channels", "height", "width"],
    }
    info["features"]["observation.images.top_depth"] = {"dtype": "uint16", "shape": [8, 10], "names": None}
    info["features"]["note"] = {"dtype": "string", "shape": [1], "names": None}
    (root / "meta/info.json").write_text(json.dumps(info))
    depth = np.random.default_rng(0).integers(0, 40000, (4, 8, 10)).astype(np.uint16)
    table = pq.read_table(data_file(root, 0))
    table = table.append_column("observation.image", pa.array([png(picture(0, frame)) for frame in range(4)]))
    table = table.append_column(
        "observation.images.top_depth", pa.array(depth.tolist(), pa.list_(pa.list_(pa.uint16())))
    )
    pq.write_table(table, data_file(root, 0))
    summary = import_dataset(root, tmp_path / "out")
    assert "note is left out: holds string" in summary.remarks
    episode = open_dataset(tmp_path / "out")[0]
    np.testing.assert_array_equal(episode.rgb("image")[:-1], np.stack([picture(0, frame) for frame in range(4)]))
    np.testing.assert_array_equal(episode.depth("top")[:-1, ..., 0], np.where(depth > 32767, 0, depth))


def png(image: np.ndarray) -> dict:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return {"bytes": buffer.getvalue(), "path": "frame.png"}


def test_depth_videos_are_millimetres(tmp_path: Path) -> None:
    root = write_v2(tmp_path / "source", lengths=(3,)).root
    info = json.loads((root / "meta/info.json").read_text())
    info["video_path"] = "videos/{video_key}/{episode_index}.mkv"
    facts = {"is_depth_map": True, "depth_min": 0.5, "depth_max": 4.5, "video.use_log": False}
    info["features"] = {
        "action": info["features"]["action"],
        "observation.images.front_depth": {"dtype": "video", "shape": [32, 48, 1], "info": facts},
    }
    (root / "meta/info.json").write_text(json.dumps(info))
    path = root / "videos/observation.images.front_depth/0.mkv"
    path.parent.mkdir(parents=True)
    codes = np.full((3, 32, 48), 2048, np.uint16)
    codes[:, :, 10] = 0
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "gray12le"
        for image in codes:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray12le")))
        container.mux(stream.encode())
    import_dataset(root, tmp_path / "out")
    depth = open_dataset(tmp_path / "out")[0].depth("front")[:]
    assert depth.dtype == np.int16
    assert depth[0, 5, 20, 0] == round(1000 * (0.5 + 4.0 * 2048 / 4095))
    assert not depth[:, :, 10].any()


def test_an_episode_of_several_tasks_has_stages(copied: Path, tmp_path: Path) -> None:
    path = data_file(copied, 0)
    table = pq.read_table(path)
    changed = table.column("task_index").to_pylist()
    changed[3:6] = [1, 1, 1]
    place = table.column_names.index("task_index")
    pq.write_table(table.set_column(place, "task_index", pa.array(changed)), path)
    import_dataset(copied, tmp_path / "out")
    episode = open_dataset(tmp_path / "out")[0]
    assert episode.instruction == "pick up the cube; push the cube"
    assert [stage["instruction"] for stage in episode.subtasks] == ["pick up the cube", "push the cube"]
    np.testing.assert_array_equal(episode.arrays["subtask"][()], [0, 0, 0, 1, 1, 1])


def remove_episodes(root: Path) -> None:
    (root / "meta/episodes.jsonl").unlink(missing_ok=True)
    shutil.rmtree(root / "meta/episodes", ignore_errors=True)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def film(root: Path, episode: int, count: int, fps: float) -> None:
    write_video(video_file(root, episode), [picture(episode, frame) for frame in range(count)], fps)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "video missing": (lambda root: video_file(root, 2).unlink(), "is missing"),
    "video cut off": (lambda root: cut(video_file(root, 2)), "cut off"),
    "video of other rate": (lambda root: film(root, 2, 7, 30.0), "30 frames per second; the dataset has 10"),
    "video too short": (lambda root: film(root, 2, 4, 10.0), "has 4 frames"),
    "video is text": (lambda root: video_file(root, 2).write_text("hello"), "cannot be opened as a video"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_episode_is_named_and_nothing_is_written(name: str, copied: Path, tmp_path: Path) -> None:
    damage, message = DAMAGES[name]
    file = video_file(copied, 2).name
    damage(copied)
    with pytest.raises(BadInput) as caught:
        import_dataset(copied, tmp_path / "out")
    assert message in str(caught.value)
    assert "episode 2: " in str(caught.value)
    assert file in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_damaged_episodes_can_be_left_out_and_the_reason_is_kept(copied: Path, tmp_path: Path) -> None:
    cut(video_file(copied, 2))
    summary = import_dataset(copied, tmp_path / "out", ImportOptions(skip_bad=True))
    assert (summary.episodes, summary.skipped) == (2, 1)
    record = json.loads(next((tmp_path / "out/shards").glob("*.json")).read_text())
    (discarded,) = record["shard"]["discarded"]
    assert discarded["index"] == 2
    assert "cut off" in discarded["reason"]


HALF_WRITTEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no info": (lambda root: (root / "meta/info.json").unlink(), "info.json: No such file"),
    "info is no JSON": (lambda root: cut(root / "meta/info.json"), "is no JSON"),
    "version": (lambda root: change_info(root, codebase_version="v1.6"), "codebase_version 'v1.6'; allowed: v2.0"),
    "no version": (lambda root: change_info(root, codebase_version=None), "has no codebase_version"),
    "fps": (lambda root: change_info(root, fps=0), "fps: Input should be greater than 0"),
    "more episodes": (lambda root: change_info(root, total_episodes=5), "is 5, but meta/episodes lists 3"),
    "more frames": (lambda root: change_info(root, total_frames=99), "total_frames is 99"),
    "path leads out": (lambda root: change_info(root, data_path="../x.parquet"), "leads out of the dataset"),
    "path with unknown field": (lambda root: change_info(root, video_path="{x}.mp4"), "cannot be filled in"),
    "no video path": (lambda root: change_info(root, video_path=None), "no video_path"),
    "table missing": (lambda root: data_file(root, 0).unlink(), "is missing"),
    "table cut off": (lambda root: cut(data_file(root, 0)), "cannot be read as parquet"),
    "episodes missing": (remove_episodes, "episodes"),
}  # fmt: skip


@pytest.mark.parametrize("name", HALF_WRITTEN)
def test_half_written_sources_are_refused_before_anything_is_written(name: str, copied: Path, tmp_path: Path) -> None:
    damage, message = HALF_WRITTEN[name]
    damage(copied)
    with pytest.raises(BadInput) as caught:
        import_dataset(copied, tmp_path / "out")
    assert message in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_rows_of_another_episode_and_other_times_are_noticed(copied: Path) -> None:
    def refused(match: str) -> None:
        source = importers()["lerobot"].open(copied, ImportOptions())
        with pytest.raises(Unusable, match=match):
            source.read(0)
        source.close()

    path = data_file(copied, 0)
    table = pq.read_table(path)
    place = table.column_names.index("timestamp")
    times = np.array(table.column("timestamp").to_pylist(), np.float32)
    times[3] += 0.2
    pq.write_table(table.set_column(place, "timestamp", pa.array(times)), path)
    refused("timestamps are off those of 10 frames per second")
    place = table.column_names.index("episode_index")
    wrong = pa.array(np.full(table.num_rows, 7))
    pq.write_table(table.set_column(place, "episode_index", wrong), path)
    refused("has episode_index 7, not 0")


def test_unknown_cameras_and_another_rate_are_refused(made: Made, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown camera 'frnt'; did you mean 'front'"):
        import_dataset(made.root, tmp_path / "out", ImportOptions(cameras=("frnt",)))
    with pytest.raises(BadInput, match="says 10; leave --fps out"):
        import_dataset(made.root, tmp_path / "out", ImportOptions(fps=20.0))


def test_images_can_be_left_out(made: Made, tmp_path: Path) -> None:
    import_dataset(made.root, tmp_path / "out", ImportOptions(cameras=("none",), episodes="1"))
    (episode,) = open_dataset(tmp_path / "out")
    assert episode.cameras == []
    np.testing.assert_array_equal(episode.actions, made.columns[1]["action"])
