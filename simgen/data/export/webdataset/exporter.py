"""WebDataset's tar shards, for the training of video models and of whatever reads a stream of episodes."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from pydantic import Field

from simgen.data.export.base import CardPart, ExportJob, ExportSettings, Verified, require_equal
from simgen.data.export.folder import ExportFolder
from simgen.data.export.lerobot.videos import QUALITY, Encoding
from simgen.data.export.selection import ExportEpisode, fps_of
from simgen.data.export.shards import ShardWriter
from simgen.data.export.webdataset.sample import (
    key_of,
    lossless_of,
    members,
    name_of,
    numbers_of,
    tar_blocks,
    videos_of,
)
from simgen.errors import BadInput, SimgenError

INDEX = "shards.json"
_END = bytes(2 * tarfile.BLOCKSIZE)
_NAME = "{place:06d}.tar"
_LOAD = """import glob
import webdataset as wds

shards = sorted(glob.glob("*.tar"))
for sample in wds.WebDataset(shards, shardshuffle=False).decode():
    print(sample["__key__"], sample["json"]["caption"], sample["npz"]["{action}"].shape)
    break
# the video is sample["{video}"], the bytes of an MP4 file: av.open(io.BytesIO(...)) decodes it"""


class Settings(ExportSettings):
    """What only these shards know."""

    video_codec: Literal["h264", "av1"] = Field("h264", description="h264 (read everywhere) or av1 (smaller)")
    quality: int | None = Field(None, ge=0, le=63, description="constant rate factor; default 23 for h264, 30 for av1")
    keyframes: int = Field(8, ge=1, le=1000, description="frames from one key frame to the next, 1 to 1000")
    shard_mb: int = Field(512, ge=1, le=65536, description="most megabytes of a shard, 1 to 65536")


class WebDataset:
    """Writes a sample for each episode: MP4 for each camera, JSON, NPZ."""

    name = "webdataset"
    summary = "WebDataset: tar shards with mp4, json and npz for each episode, for the training of video models"
    settings = Settings
    uniform = False
    outputs: tuple[str, ...] = ()

    def check(self, job: ExportJob) -> None:
        """Refuses images that video cannot hold, and episodes without a rate (BadInput)."""
        for task, layout in job.selection.layouts.items():
            if fps_of(job.dataset, task) is None:
                raise BadInput(f"{job.dataset.path}: {task} does not say how many control steps a second has.")
            for facts in videos_of(layout):
                if facts.shape[0] % 2 or facts.shape[1] % 2:
                    raise BadInput(
                        f"camera {facts.camera} has {facts.shape[1]} x {facts.shape[0]} pixels, and videos need even "
                        "numbers: give others with --size W H."
                    )

    def begin(self, job: ExportJob, folder: ExportFolder) -> Writer:
        return Writer(job, folder)

    def verify(self, job: ExportJob, out: Path, episodes: Iterable[ExportEpisode]) -> Verified:
        """Reads the tar files from end to end with tarfile, NumPy and PyAV."""
        samples = _samples(out)
        worst: dict[str, float] = {}
        exact: dict[str, None] = {}
        for episode in episodes:
            key, files = next(samples, ("", {}))
            require_equal(key == key_of(episode.number), out, episode, f"the sample {key_of(episode.number)}")
            exact |= dict.fromkeys(_compare(out, episode, files, worst))
        if next(samples, None) is not None:
            raise SimgenError(f"{out}: has more samples than episodes were exported.")
        within = {
            name: f"video, mean difference at most {value:.2f} of 255 in an episode" for name, value in worst.items()
        }
        return Verified(f"tarfile, NumPy {np.__version__}, PyAV {version('av')}", tuple(exact), within)

    def card(self, job: ExportJob, out: Path) -> CardPart:
        return _card(job)


class Writer:
    """Writes samples, and shards out of them."""

    def __init__(self, job: ExportJob, folder: ExportFolder) -> None:
        self._job, self._folder = job, folder
        self._shards = ShardWriter(folder, job.settings.shard_mb * 1_000_000, _END)

    def add(self, episode: ExportEpisode) -> Mapping[str, Any]:
        spec = self._job.dataset.spec_of(episode.task)
        files = members(episode, spec, encoding_of(self._job, episode.fps), self._folder.scratch("video.mp4"))
        return self._shards.add(episode.number, tar_blocks(episode.number, files))

    def finish(self) -> None:
        named = self._shards.finish(_NAME)
        shards = [{"url": name, "samples": shard.count, "bytes": shard.bytes + len(_END)} for name, shard in named]
        with self._folder.new(INDEX) as draft:
            draft.write_text(json.dumps({"samples": len(self._job.selection), "shards": shards}, indent=1) + "\n")

    def close(self) -> None:
        """Nothing is open between episodes."""


def encoding_of(job: ExportJob, fps: float | None) -> Encoding:
    """How videos are encoded."""
    settings = job.settings
    quality = QUALITY[settings.video_codec] if settings.quality is None else settings.quality
    return Encoding(settings.video_codec, quality, fps or 0.0, settings.keyframes)


def _samples(out: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yields the samples as WebDataset does: files with the same name up to the first dot, one behind the other."""
    for shard in json.loads((out / INDEX).read_text())["shards"]:
        key, files = "", {}
        with tarfile.open(out / shard["url"], "r|") as tar:
            for entry in tar:
                name, _, ending = entry.name.partition(".")
                if name != key and files:
                    yield key, files
                    files = {}
                key, content = name, tar.extractfile(entry)
                files[ending] = content.read() if content else b""
        if files:
            yield key, files


def _compare(out: Path, episode: ExportEpisode, files: Mapping[str, bytes], worst: dict[str, float]) -> list[str]:
    said, view = json.loads(files["json"]), episode.view
    for name, expected in (("seed", view.seed), ("phase", view.phase), ("success", view.success), ("task", view.task)):
        require_equal(said[name] == expected, out, episode, name)
    with np.load(io.BytesIO(files["npz"])) as numbers:
        for facts in numbers_of(episode.layout):
            _require_same(numbers[facts.path.replace("/", ".")], facts.path, out, episode)
    for facts in lossless_of(episode.layout):
        with np.load(io.BytesIO(files[f"{name_of(facts)}.npz"])) as images:
            _require_same(images[facts.name], facts.path, out, episode)
    for facts in videos_of(episode.layout):
        difference = _video_difference(files[f"{name_of(facts)}.mp4"], facts.path, out, episode)
        worst[name_of(facts)] = max(worst.get(name_of(facts), 0.0), difference)
    return [facts.path for facts in (*numbers_of(episode.layout), *lossless_of(episode.layout))]


def _require_same(found: np.ndarray, path: str, out: Path, episode: ExportEpisode) -> None:
    expected = episode.array(path)
    same = found.dtype == expected.dtype and np.array_equal(found, expected, equal_nan=expected.dtype.kind == "f")
    require_equal(same, out, episode, path)


def _video_difference(content: bytes, path: str, out: Path, episode: ExportEpisode) -> float:
    """Returns the mean difference of a video's pixels."""
    total, count = 0.0, 0
    with av.open(io.BytesIO(content), "r") as container:
        for frame in container.decode(container.streams.video[0]):
            if count <= episode.length:
                expected = episode.array(path, slice(count, count + 1))[0]
                total += float(np.abs(frame.to_ndarray(format="rgb24").astype(np.int16) - expected).mean())
            count += 1
    require_equal(count == episode.length + 1, out, episode, f"{path}: {count} frames")
    return total / count


def _card(job: ExportJob) -> CardPart:
    rows: dict[str, tuple[str, str, str]] = {
        "json": (".json", "words and numbers", "caption (the instruction), task, phase, seed, fps, success, cameras "
                 "with their parameters, physics (gravity, masses, friction, ...), randomisation, segmentation ids"),
    }  # fmt: skip
    for layout in job.selection.layouts.values():
        for facts in videos_of(layout):
            ending = f".{name_of(facts)}.mp4"
            size = f"{job.settings.video_codec}, {facts.shape[1]} x {facts.shape[0]}"
            rows[ending] = (ending, size, f"{facts.name} of camera {facts.camera}, T+1 frames, yuv420p")
        for facts in lossless_of(layout):
            ending = f".{name_of(facts)}.npz"
            rows[ending] = (
                ending,
                f"{facts.dtype} {list(facts.shape)}",
                f"array {facts.name!r}, [{facts.unit}], T+1 rows",
            )
        for facts in numbers_of(layout):
            name = facts.path.replace("/", ".")
            rows[name] = (f".npz: {name}", f"{facts.dtype} {list(facts.shape)}", facts.unit or "")
    first = next(iter(job.selection.layouts.values()))
    videos = videos_of(first)
    return CardPart(
        title="WebDataset (tar shards)",
        features=tuple(rows.values()),
        load=_LOAD.format(action=first.action.path, video=f"{name_of(videos[0])}.mp4" if videos else "<camera>.mp4"),
        requires=("webdataset>=0.2.90", "av"),
        left_out=("the last bit of colours: videos are lossy and hold half of the colours' resolution.",)
        if videos
        else (),
        notes=(
            "A sample is an episode of T steps: arrays below obs and env_states, images and videos have T+1 rows or "
            "frames, all else T; action i leads from frame i to frame i+1.",
            "extrinsic_cv is world to camera with x right, y down, z forward; quaternions are w, x, y, z; "
            "depth is millimetres, 0 = none.",
            "shards.json lists the shards with the number of their samples.",
        ),
        tags=("webdataset", "video"),
    )
