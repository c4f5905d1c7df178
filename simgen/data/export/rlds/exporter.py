"""RLDS in the layout of a TFDS builder, with Open X-Embodiment's fields of a step."""

from __future__ import annotations

import importlib.util
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import Field as Option

from simgen.data.export.base import CardPart, ExportJob, ExportSettings, Verified, require_equal
from simgen.data.export.folder import ExportFolder
from simgen.data.export.rlds.metadata import VERSION, features_json, info_json
from simgen.data.export.rlds.parse import parsed
from simgen.data.export.rlds.records import Values, example, record, records
from simgen.data.export.rlds.steps import TOOL_MOTION, Field, fields_of, metadata, png
from simgen.data.export.selection import ExportEpisode
from simgen.data.export.shards import ShardWriter
from simgen.errors import BadInput, SimgenError


class Settings(ExportSettings):
    """What only RLDS knows."""

    dataset_name: str = Option(
        "",
        pattern=r"^([a-z][a-z0-9_]*)?$",
        description="name of the TFDS dataset: a-z, 0-9, _; default: the first task's",
    )
    shard_mb: int = Option(256, ge=1, le=65536, description="most megabytes of a shard, 1 to 65536")


class Rlds:
    """Writes what `tfds.builder_from_directory` reads."""

    name = "rlds"
    summary = "RLDS: a TFDS builder folder with Open X-Embodiment's step fields; needs the extra [rlds]"
    settings = Settings
    uniform = False
    outputs: tuple[str, ...] = ()

    def check(self, job: ExportJob) -> None:
        """Refuses what has no 7-DoF action, or differs between episodes (BadInput)."""
        if importlib.util.find_spec("google_crc32c") is None:
            raise BadInput("rlds needs google-crc32c: pip install 'simgen-toolkit[rlds]'.")
        if job.options.actions not in ("actions", TOOL_MOTION):
            raise BadInput(f"--actions {job.options.actions}: rlds always writes the 7-DoF motion of the tool "
                           f"({TOOL_MOTION}) as `action`; leave --actions out.")  # fmt: skip
        for task, layout in job.selection.layouts.items():
            facts = layout.find(TOOL_MOTION)
            if facts is None or facts.shape != (7,):
                robots = ", ".join(job.selection.robots()) or "the robot"
                raise BadInput(
                    f"{job.dataset.path}: {task} has no array {TOOL_MOTION} of 7 columns, which rlds needs for "
                    f"its action (x, y, z, roll, pitch, yaw, gripper): {robots} has no tool, or it was "
                    "not recorded. "
                    "lerobot, robomimic and webdataset take any action."
                )
        job.selection.require_same_shapes()

    def begin(self, job: ExportJob, folder: ExportFolder) -> Writer:
        return Writer(job, folder)

    def verify(self, job: ExportJob, out: Path, episodes: Iterable[ExportEpisode]) -> Verified:
        """Parses the files with protobuf's own parser and Pillow."""
        payloads = _payloads(out / name_of(job) / VERSION)
        fields = fields_of(job.selection.layout)
        for episode in episodes:
            payload = next(payloads, None)
            if payload is None:
                raise SimgenError(f"{out}: lacks episode {episode.number}.")
            _compare(parsed(payload), episode, fields, out)
        require = next(payloads, None)
        if require is not None:
            raise SimgenError(f"{out}: has more episodes than were exported.")
        return Verified(
            f"protobuf {version('protobuf')}, Pillow {version('pillow')}", tuple(field.key for field in fields)
        )

    def card(self, job: ExportJob, out: Path) -> CardPart:
        return _card(job)


class Writer:
    """Writes a record for each episode, and shards out of them."""

    def __init__(self, job: ExportJob, folder: ExportFolder) -> None:
        self._job, self._folder = job, folder
        self._fields = fields_of(job.selection.layout)
        self._shards = ShardWriter(folder, job.settings.shard_mb * 1_000_000)

    def add(self, episode: ExportEpisode) -> Mapping[str, Any]:
        return self._shards.add(episode.number, record(example(_features(episode, self._fields))))

    def finish(self) -> None:
        name = name_of(self._job)
        stem = f"{name}/{VERSION}/{name}-train.tfrecord-"
        shards = [shard for _, shard in self._shards.finish(stem + "{place:05d}-of-{count:05d}")]
        about = f"Simulated episodes of {', '.join(self._job.selection.tasks)}; see README.md."
        for file, content in (
            ("features", features_json(self._fields)),
            ("dataset_info", info_json(name, about, shards)),
        ):
            with self._folder.new(f"{name}/{VERSION}/{file}.json") as draft:
                draft.write_text(json.dumps(content, indent=2) + "\n")

    def close(self) -> None:
        """Nothing is open between episodes."""


def name_of(job: ExportJob) -> str:
    """The name of the TFDS dataset."""
    plain = re.sub(r"[^a-z0-9]+", "_", job.selection.tasks[0].lower()).strip("_")
    return job.settings.dataset_name or (plain if plain[:1].isalpha() else f"task_{plain}")


def _features(episode: ExportEpisode, fields: list[Field]) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for field in fields:
        blocks = field.read(episode)
        if field.kind == "image":
            found[f"steps/{field.key}"] = [png(image) for block in blocks for image in block]
        else:
            found[f"steps/{field.key}"] = np.concatenate(list(blocks))
    found["steps/language_instruction"] = [episode.instruction.encode()] * episode.length
    for name, value in metadata(episode).items():
        found[f"episode_metadata/{name}"] = [value.encode()] if isinstance(value, str) else np.array([value])
    return found


def _payloads(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.glob("*.tfrecord-*")):
        yield from records(path)


def _compare(found: Mapping[str, Any], episode: ExportEpisode, fields: list[Field], out: Path) -> None:
    for field in fields:
        values, start = found[f"steps/{field.key}"], 0
        width = 1 if field.kind == "image" else int(np.prod(field.shape, dtype=int))
        for block in field.read(episode):
            part = values[start : start + len(block) * width]
            start += len(block) * width
            if field.kind == "image":
                same = all(_is_image(one, image) for one, image in zip(part, block, strict=True))
            else:
                same = np.array_equal(np.array(part), block.reshape(-1), equal_nan=block.dtype.kind == "f")
            require_equal(same, out, episode, field.key)
        require_equal(start == len(values), out, episode, f"{field.key}: {len(values)} values")
    said = found["steps/language_instruction"]
    require_equal(said == [episode.instruction.encode()] * episode.length, out, episode, "language_instruction")
    require_equal(found["episode_metadata/seed"] == [episode.view.seed], out, episode, "seed")


def _is_image(content: bytes, image: np.ndarray) -> bool:
    found = np.asarray(Image.open(io.BytesIO(content)))
    return np.array_equal(found.reshape(image.shape), image)


def _card(job: ExportJob) -> CardPart:
    layout, name = job.selection.layout, name_of(job)
    rows = [(field.key, f"{field.dtype} {list(field.shape)}", field.meaning) for field in fields_of(layout)]
    rows.append(("language_instruction", "string", "the same in all steps of an episode"))
    rows.append(("episode_metadata", "", "file_path, episode_id, seed, phase, task, success, control_hz"))
    left = [f"{facts.path}: state of the simulator; export to maniskill keeps it." for facts in layout.env_states]
    left += [f"{facts.path}: belongs to the episode as a whole." for facts in layout.fixed]
    return CardPart(
        title="RLDS (TensorFlow Datasets, Open X-Embodiment fields)",
        features=tuple(rows),
        load=(
            "import tensorflow_datasets as tfds\n\n"
            f'builder = tfds.builder_from_directory("{name}/{VERSION}")\n'
            'for episode in builder.as_dataset(split="train").take(1):\n'
            '    for step in episode["steps"].take(1):\n'
            '        print(step["language_instruction"].numpy(), step["action"].numpy())'
        ),
        requires=("tensorflow", "tensorflow-datasets"),
        left_out=(
            "the observation after the last action: a step is an observation with the action that follows.",
            "names of segmentation ids and what was randomised.",
            *left,
        ),  # fmt: skip
        notes=(
            "`action` is Open X-Embodiment's 7 numbers: how far the tool moved and turned in the step, in the robot's "
            "base frame, metres and radians, and the gripper as commanded: 1 = open, 0 = closed, absolute.",
            "What the controller was commanded is in `recorded_actions`.",
            "Images are PNG without loss; depth and segmentation are 16-bit PNG: millimetres with 0 = none, and ids. "
            "The first camera's images are `image`, `depth`, ...; those of others end in their camera's name.",
        ),
        tags=("rlds", "tfds", "open-x-embodiment"),
    )
