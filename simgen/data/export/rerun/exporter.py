"""rerun recordings, to look at episodes and to query them."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from simgen.data.export.base import CardPart, ExportJob, ExportSettings, Verified, require_equal
from simgen.data.export.folder import ExportFolder
from simgen.data.export.layout import ArrayFacts
from simgen.data.export.selection import ExportEpisode
from simgen.errors import BadInput

_COMPONENTS = {
    "rgb": "EncodedImage:blob",
    "albedo": "EncodedImage:blob",
    "depth": "EncodedDepthImage:blob",
    "segmentation": "SegmentationImage:buffer",
}


class Settings(ExportSettings):
    """Nothing but what all formats know."""


class Rerun:
    """Writes what the rerun viewer opens."""

    name = "rerun"
    summary = "rerun: one .rrd for each episode, with robot, objects, cameras and series; needs the extra [rerun]"
    settings = Settings
    uniform = False
    outputs: tuple[str, ...] = ()

    def check(self, job: ExportJob) -> None:
        """Refuses to go without rerun's own package (BadInput)."""
        if importlib.util.find_spec("rerun") is None:
            raise BadInput("rerun needs rerun-sdk: pip install 'simgen-toolkit[rerun]'.")

    def begin(self, job: ExportJob, folder: ExportFolder) -> Writer:
        return Writer(job, folder)

    def verify(self, job: ExportJob, out: Path, episodes: Iterable[ExportEpisode]) -> Verified:
        """Reads the recordings with rerun's reader of chunks."""
        exact: dict[str, None] = {}
        for episode in episodes:
            exact |= dict.fromkeys(_compare(out / name_of(episode), episode))
        return Verified(f"rerun-sdk {version('rerun-sdk')}, Pillow {version('pillow')}", tuple(exact))

    def card(self, job: ExportJob, out: Path) -> CardPart:
        return _card(job)


class Writer:
    """Writes a recording for each episode."""

    def __init__(self, job: ExportJob, folder: ExportFolder) -> None:
        from simgen.data.export.rerun.world import Surroundings

        self._folder = folder
        self._surroundings = Surroundings(job.dataset.manifest["spec"])
        self._application = f"simgen {job.selection.tasks[0]}"

    def add(self, episode: ExportEpisode) -> Mapping[str, Any]:
        from simgen.data.export.rerun.episode import write_episode

        with self._folder.new(name_of(episode)) as draft:
            write_episode(draft, episode, self._surroundings, self._application)
        return {}

    def finish(self) -> None:
        """All is written."""

    def close(self) -> None:
        """Nothing is open between episodes."""


def name_of(episode: ExportEpisode) -> str:
    """The file of an episode."""
    return f"episode_{episode.number:06d}.rrd"


def _compare(path: Path, episode: ExportEpisode) -> list[str]:
    from simgen.data.export.rerun.episode import entity_of, series_of

    rows = _rows(path)
    checked = []
    for facts in series_of(episode):
        expected = episode.array(facts.path).astype(np.float64)
        if expected.size:
            found = rows.get((f"/{entity_of(facts)}", "Scalars:scalars"), {})
            same = len(found) == len(expected) and np.array_equal(
                np.array([found[step] for step in sorted(found)]).reshape(expected.shape), expected, equal_nan=True
            )
            require_equal(same, path, episode, facts.path)
            checked.append(facts.path)
    for facts in episode.layout.images:
        if facts.name in _COMPONENTS:
            found = rows.get((f"/{entity_of(facts)}", _COMPONENTS[facts.name]), {})
            require_equal(_same_images(found, facts, episode), path, episode, facts.path)
            checked.append(facts.path)
    return checked


def _rows(path: Path) -> dict[tuple[str, str], dict[int, Any]]:
    """Entity and component -> step -> value, of all that has a step."""
    from rerun.chunk import RrdReader

    found: dict[tuple[str, str], dict[int, Any]] = {}
    wanted = {"Scalars:scalars", *_COMPONENTS.values()}
    for chunk in RrdReader(str(path)).stream().to_chunks():
        batch = chunk.to_record_batch()
        if "step" not in batch.schema.names:
            continue
        steps = batch.column("step").to_numpy(zero_copy_only=False).astype(int)
        for name in wanted & set(batch.schema.names):
            values = found.setdefault((str(chunk.entity_path), name), {})
            column = batch.column(name)
            for place, step in enumerate(steps):
                value = column[place]
                values[int(step)] = value.values.to_numpy() if name.startswith("Scalars") else _bytes(value.values)
    return found


def _bytes(values: Any) -> bytes:
    """The bytes of a blob, which Arrow holds as binary or as a list of numbers."""
    first = values[0]
    return first.as_py() if isinstance(first.as_py(), bytes) else first.values.to_numpy().astype(np.uint8).tobytes()


def _same_images(found: Mapping[int, bytes], facts: ArrayFacts, episode: ExportEpisode) -> bool:
    if len(found) != episode.length + 1:
        return False
    step = 0
    for block in episode.blocks(facts.path):
        for image in block:
            if facts.name == "segmentation":
                back = np.frombuffer(found[step], np.uint16).reshape(image.shape).view(image.dtype)
            else:
                back = np.asarray(Image.open(io.BytesIO(found[step]))).reshape(image.shape).astype(image.dtype)
            if not np.array_equal(back, image):
                return False
            step += 1
    return True


def _card(job: ExportJob) -> CardPart:
    rows: dict[str, tuple[str, str, str]] = {}
    left_out: dict[str, None] = {}
    for number in range(len(job.selection)):
        episode = job.selection.episode(number)
        from simgen.data.export.rerun.episode import entity_of, series_of

        for facts in (*series_of(episode), *episode.layout.images):
            rows[facts.path] = (entity_of(facts), f"{facts.dtype} {list(facts.shape)}", facts.unit or "")
        drawn = set(series_of(episode))
        left_out |= {
            f"{facts.path}: more than one axis.": None for facts in episode.layout.states if facts not in drawn
        }
        left_out |= {f"{facts.path}: belongs to the episode as a whole.": None for facts in episode.layout.fixed}
        if len({view.task for view in job.dataset}) == 1:
            break
    rows["robot"] = ("world/robot/<link>", "meshes, poses", "by forward kinematics of the recorded joints; m")
    rows["objects"] = ("world/objects/<name>", "meshes, poses", "m, quaternions; axes alone where the shape is unknown")
    return CardPart(
        title="rerun recordings (.rrd)",
        features=tuple(rows.values()),
        load=(
            "from rerun.chunk import RrdReader\n\n"
            'for chunk in RrdReader("episode_000000.rrd").stream().to_chunks():\n'
            "    print(chunk.entity_path, chunk.num_rows)\n"
            "# to look at it: rerun episode_000000.rrd"
        ),
        requires=("rerun-sdk>=0.41",),
        left_out=(
            "velocities of the simulator's state: poses and joints are there, as transforms and series.",
            *left_out,
        ),
        notes=(
            "Timelines: `step`, and `time` in seconds. Images are PNG without loss, depth in millimetres "
            "(meter = 1000), segmentation has names.",
            "The world is right-handed with z up, in metres; cameras look along z with y down.",
        ),  # fmt: skip
        tags=("rerun",),
    )
