"""LeRobot exports: the published layout, read by tools of their own, and back through our importer."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
from export_datasets import HZ, export_episode, write_export_dataset

from simgen.data import open_dataset
from simgen.data.export import ExportOptions, export_dataset
from simgen.data.export.lerobot.stats import Totals, stats_of
from simgen.data.export.lerobot.version3 import grouped
from simgen.data.export.lerobot.videos import Depth, Encoding, encode
from simgen.data.import_ import import_dataset
from simgen.errors import BadInput, SimgenError

VIDEO = "observation.images.base"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_export_dataset(tmp_path_factory.mktemp("source") / "dataset")


@pytest.fixture(scope="module")
def exported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 3.0 with H.264, which is quick, and depth as video."""
    out = tmp_path_factory.mktemp("v3") / "out"
    settings = {"video_codec": "h264", "depth_video": True, "crf": 1}
    summary = export_dataset(source, out, ExportOptions("lerobot", settings=settings))
    assert summary.episodes == 5
    assert summary.verified_with is not None
    return out


def frames_of(path: Path, form: str) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format=form) for frame in container.decode(video=0)])


def test_metadata_say_where_each_episode_is(source: Path, exported: Path) -> None:
    dataset = open_dataset(source)
    info = json.loads((exported / "meta/info.json").read_text())
    assert info["codebase_version"] == "v3.0"
    assert (info["fps"], info["robot_type"], info["total_episodes"]) == (HZ, "panda", 5)
    assert info["total_frames"] == sum(episode.length for episode in dataset)
    assert info["features"][VIDEO]["info"]["video.codec"] == "h264"
    assert info["features"][f"{VIDEO}_depth"]["info"]["is_depth_map"] is True
    rows = pq.read_table(exported / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [row["length"] for row in rows] == [episode.length for episode in dataset]
    assert [row["simgen.seed"] for row in rows] == [episode.seed for episode in dataset]
    ends = [row[f"videos/{VIDEO}/to_timestamp"] for row in rows]
    starts = [row[f"videos/{VIDEO}/from_timestamp"] for row in rows]
    assert starts == pytest.approx([0.0, *ends[:-1]])  # all in one file, one behind the other
    tasks = pq.read_table(exported / "meta/tasks.parquet")
    assert tasks.to_pydict() == {"task_index": [0], "task": ["pick up the red cube"]}
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["task"]


def test_a_frame_is_an_observation_and_the_action_after_it(source: Path, exported: Path) -> None:
    table = pq.read_table(exported / "data/chunk-000/file-000.parquet")
    video = frames_of(exported / f"videos/{VIDEO}/chunk-000/file-000.mp4", "rgb24")
    assert len(video) == len(table)
    start = 0
    for number, episode in enumerate(open_dataset(source)):
        rows = table.slice(start, episode.length)
        np.testing.assert_array_equal(np.stack(rows["action"].to_numpy(zero_copy_only=False)), episode.actions)
        state = np.stack(rows["observation.state"].to_numpy(zero_copy_only=False))
        np.testing.assert_array_equal(state[:, :9], episode.obs["agent/qpos"][: episode.length])
        np.testing.assert_array_equal(rows["next.reward"].to_numpy(), episode.rewards)
        assert rows["next.done"].to_pylist() == [False] * (episode.length - 1) + [True]
        assert set(rows["episode_index"].to_pylist()) == {number}
        np.testing.assert_allclose(rows["timestamp"].to_numpy(), np.arange(episode.length) / HZ, atol=1e-6)
        shown = episode.rgb("base")[: episode.length].astype(int)
        assert np.abs(video[start : start + episode.length] - shown).mean() < 8
        start += episode.length


def test_depth_videos_give_every_depth_to_the_nearest_code(source: Path, exported: Path) -> None:
    codes = frames_of(exported / f"videos/{VIDEO}_depth/chunk-000/file-000.mp4", "gray12le")
    depth = np.concatenate([e.depth("base")[: e.length] for e in open_dataset(source)])[..., 0]
    np.testing.assert_array_equal(codes, Depth().codes(depth))


def test_twelve_bits_survive_between_frames_that_hardly_differ(tmp_path: Path) -> None:
    """x265 calls it lossless and is not, unless all frames are key frames."""
    rng = np.random.default_rng(0)
    base = rng.integers(0, 4096, (64, 64))
    frames = np.stack([(base + step * (base % 7 == 0)) % 4096 for step in range(12)]).astype(np.uint16)
    encode(tmp_path / "depth.mp4", [frames], (64, 64), Encoding("hevc", None, 20.0))
    np.testing.assert_array_equal(frames_of(tmp_path / "depth.mp4", "gray12le"), frames)


def test_statistics_have_what_normalisers_take(source: Path, exported: Path) -> None:
    stats = json.loads((exported / "meta/stats.json").read_text())
    actions = np.concatenate([episode.actions for episode in open_dataset(source)])
    assert stats["action"]["count"] == [len(actions)]
    np.testing.assert_allclose(stats["action"]["mean"], actions.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(stats["action"]["std"], actions.std(axis=0), atol=1e-6)
    np.testing.assert_allclose(stats["action"]["max"], actions.max(axis=0), atol=1e-6)
    assert {"q01", "q10", "q50", "q90", "q99"} <= set(stats["action"])
    assert np.shape(stats[VIDEO]["mean"]) == (3, 1, 1)
    assert 0 <= np.min(stats[VIDEO]["min"]) <= np.max(stats[VIDEO]["max"]) <= 1
    assert 0.5 < stats[f"{VIDEO}_depth"]["mean"][0][0][0] < 2  # metres


def test_joined_statistics_are_those_of_all_rows() -> None:
    rng = np.random.default_rng(1)
    parts = [rng.standard_normal((count, 3)) + count for count in (5, 1, 40)]
    totals = Totals()
    for part in parts:
        totals.add({"x": stats_of(part)})
    whole = stats_of(np.concatenate(parts))
    for name in ("min", "max", "mean", "std", "count"):
        np.testing.assert_allclose(totals.as_json()["x"][name], whole[name])


def test_files_are_bounded_and_hold_neighbours() -> None:
    assert grouped([4, 4, 4, 9, 1, 1], 8) == [[0, 1], [2], [3], [4, 5]]


def test_several_files_are_read_back(source: Path, tmp_path: Path) -> None:
    """Files of a megabyte at most: the verification finds each episode in its own."""
    settings = {"images": "png", "data_files_size_in_mb": 1}
    summary = export_dataset(source, tmp_path / "out", ExportOptions("lerobot", settings=settings, outputs=("rgb",)))
    assert summary.verified_with is not None
    assert not (tmp_path / "out/videos").exists()


def test_it_comes_back_through_the_importer(source: Path, tmp_path: Path) -> None:
    settings = {"images": "png", "env_states": True}
    export_dataset(source, tmp_path / "out", ExportOptions("lerobot", settings=settings))
    import_dataset(tmp_path / "out", tmp_path / "back")
    for ours, theirs in zip(open_dataset(source), open_dataset(tmp_path / "back"), strict=True):
        np.testing.assert_array_equal(theirs.actions, ours.actions)
        np.testing.assert_array_equal(theirs.rewards, ours.rewards)
        np.testing.assert_array_equal(theirs.rgb("base")[: ours.length], ours.rgb("base")[: ours.length])
        assert theirs.instruction == ours.instruction


def test_version_2_1_has_a_table_and_a_video_for_each_episode(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_dataset(source, out, ExportOptions("lerobot-v2.1", settings={"video_codec": "h264"}, cameras=("base",)))
    info = json.loads((out / "meta/info.json").read_text())
    assert (info["codebase_version"], info["total_videos"], info["total_chunks"]) == ("v2.1", 5, 1)
    lines = [json.loads(line) for line in (out / "meta/episodes.jsonl").read_text().splitlines()]
    stats = [json.loads(line) for line in (out / "meta/episodes_stats.jsonl").read_text().splitlines()]
    assert [line["episode_index"] for line in lines] == [line["episode_index"] for line in stats] == list(range(5))
    for number, episode in enumerate(open_dataset(source)):
        table = pq.read_table(out / f"data/chunk-000/episode_{number:06d}.parquet")
        np.testing.assert_array_equal(np.stack(table["action"].to_numpy(zero_copy_only=False)), episode.actions)
        assert len(frames_of(out / f"videos/chunk-000/{VIDEO}/episode_{number:06d}.mp4", "rgb24")) == episode.length


def test_what_was_changed_behind_its_back_is_found(source: Path, tmp_path: Path) -> None:
    from simgen.data.export.run import _episodes

    options = ExportOptions("lerobot", settings={"video_codec": "h264"}, cameras=("base",), verify=False)
    export_dataset(source, tmp_path / "out", options)
    path = tmp_path / "out/data/chunk-000/file-000.parquet"
    table = pq.read_table(path)
    index = table.column_names.index("next.reward")
    import pyarrow as pa

    pq.write_table(table.set_column(index, "next.reward", pa.array(table["next.reward"].to_numpy() + 1)), path)
    from simgen.data.export.base import ExportJob
    from simgen.data.export.registry import exporter_of, settings_of
    from simgen.data.export.selection import Selection

    exporter = exporter_of("lerobot")
    settings = settings_of(exporter, dict(options.settings))
    job = ExportJob(Selection(open_dataset(source), options, ()), options, settings)
    with pytest.raises(SimgenError, match=r"next\.reward"):
        exporter.verify(job, tmp_path / "out", _episodes(job, "checked", 0, None))


def test_odd_sizes_are_refused_before_anything_is_written(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="even sides"):
        export_dataset(source, tmp_path / "out", ExportOptions("lerobot", size=(15, 16)))
    assert not (tmp_path / "out").exists()


def test_robots_with_other_arrays_are_refused_by_name(tmp_path: Path) -> None:
    episodes = [export_episode(0), export_episode(1, cameras=("base",))]
    path = write_export_dataset(tmp_path / "dataset", episodes)
    with pytest.raises(SimgenError, match="wrist"):
        export_dataset(path, tmp_path / "out", ExportOptions("lerobot", settings={"video_codec": "h264"}))
