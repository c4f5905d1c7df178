"""Draws the episodes of a dataset again into a new dataset, a few at a time; goes on where a killed run has ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from simgen.data.combine.plan import Source
from simgen.data.episode import Episode
from simgen.data.info import dataset_info
from simgen.data.manifest import add_run
from simgen.data.reader import Dataset, open_dataset
from simgen.data.recorded import require_simulated
from simgen.data.replay import LOOKS_SEED, changed_meshes, engine_of_task, task_of
from simgen.data.rerender.changes import changed_task, draws_looks
from simgen.data.rerender.options import Rendered, RenderOptions, worlds_that_fit
from simgen.data.rerender.provenance import content_digest, feature_notes, rendered_spec, source_note
from simgen.data.rerender.studio import Images, Studio, Take
from simgen.data.target import require_path
from simgen.data.writer import DatasetWriter
from simgen.env.threads import one_torch_thread
from simgen.errors import BadInput, SimgenError
from simgen.spec import RegisteredSpec
from simgen.spec.task import TaskSpec
from simgen.world.scene.scene import Scene

Progress = Callable[[str, int, int], None]  # what is done, how many episodes of it, of how many
IMAGES = ("obs/sensor_data/", "obs/sensor_param/")
_NEEDS_A_DIRECTORY = "is a URL; `simgen render` writes into a directory. Bring it there afterwards."


def render_dataset(
    path: str | Path,
    out: str | Path,
    options: RenderOptions,
    progress: Progress = lambda what, done, total: None,
    command: str | None = None,
) -> Rendered:
    """Writes a dataset of the same episodes with other pictures.

    Everything but images, camera parameters, drawn looks and the words for colours in instructions stays as recorded.
    Version v of K of episode i has the index i K + v. A picture depends on the episode's seed, the options' seed and v.
    With seed 0 and one version, the dataset is the one that `generate` would have made with these cameras and looks.

    Args:
        path: The dataset.
        out: Directory of the new one.
        options: What looks otherwise, and how it is drawn.
        progress: Is told ("episodes", finished, total), again and again.
        command: To be recorded.

    Raises:
        BadInput: Wrong options, an episode that does not come from a task of simgen's, a change of something that the
            states depend on, a directory that holds something else; nothing has been written then.
        SimgenError: A damaged source, a full disk. What was finished is kept.
    """
    options.check()
    target = require_path(out, _NEEDS_A_DIRECTORY)
    with open_dataset(path) as dataset:
        _require_apart(dataset.path, target)
        require_simulated(dataset.spec, "drawn again")
        chosen = options.choice.of(dataset)
        tasks = _changed_tasks(chosen, options)
        run = _Run(chosen, tasks, options, progress)
        writer = run.open_writer(target, command)
        try:
            with writer, one_torch_thread():
                run.fill(writer)
        finally:
            with contextlib.suppress(SimgenError):
                run.note(target)
    info = dataset_info(target)
    return Rendered(target, info["episodes"], info["frames"], run.frames, run.seconds, info["cameras"])


def _require_apart(source: Path, out: Path) -> None:
    place, root = out.resolve(), source.resolve()
    if place == root or root in place.parents or place in root.parents:
        raise BadInput(f"{out}: is, holds or lies in the dataset {source}, which is read; choose another directory.")


def _changed_tasks(dataset: Dataset, options: RenderOptions) -> dict[str, TaskSpec]:
    """The tasks of the episodes as they shall look, by name."""
    changed: dict[str, TaskSpec] = {}
    for name in dataset.tasks:
        task = task_of(dataset.spec, name)
        if isinstance(task, RegisteredSpec):
            raise BadInput(
                f"{name}: is ManiSkill's own environment {task.env_id}, whose scenes and cameras ManiSkill makes; only "
                "episodes of simgen's own tasks can be drawn again. Allowed: generate it with other cameras."
            )
        meshes = changed_meshes(dataset.manifest, task)
        if meshes:
            raise BadInput(
                f"{name}: the mesh files of {', '.join(meshes)} have changed since the episodes were recorded, so that "
                "pictures would not show what happened. Allowed: put the recorded files back."
            )
        changed[name] = changed_task(task, options.changes)
        if (options.variants > 1 or options.seed) and not draws_looks(changed[name]):
            what = f"--variants {options.variants}" if options.variants > 1 else f"--seed {options.seed}"
            raise BadInput(
                f"{what}: nothing in the looks of {name} is drawn at random, so that it would change nothing. Allowed: "
                "with --randomize FILE, or --set 'randomize.light.intensity={uniform: [0.5, 1.5]}'"
            )
    return changed


class _Run:
    """One run: how much it has drawn, and how long that took."""

    def __init__(
        self, dataset: Dataset, tasks: Mapping[str, TaskSpec], options: RenderOptions, progress: Progress
    ) -> None:
        self._dataset, self._tasks, self._options, self._progress = dataset, tasks, options, progress
        self._source = Source(dataset.path, dataset.manifest)
        self._total = len(dataset) * options.variants
        self._finished = self.frames = 0
        self.seconds = 0.0

    def open_writer(self, out: Path, command: str | None) -> DatasetWriter:
        """Opens the new dataset."""
        options, manifest = self._options, self._dataset.manifest
        digest = content_digest(self._dataset)
        rendering = {
            "seed": options.seed,
            "variants": options.variants,
            "device": options.device.partition(":")[0],
            "source_sha256": digest,
        }
        return DatasetWriter(
            out,
            rendered_spec(manifest, self._tasks, rendering),
            codec=options.codec or manifest["codec"],
            episodes_per_shard=manifest["episodes_per_shard"],
            processes=options.processes,
            resume=options.resume,
            phases=list(manifest["phases"]),
            features=feature_notes(manifest, self._tasks),
            engine=manifest["engine"],
            command=command,
            provenance={"sources": [source_note(self._source, self._dataset, digest)]},
        )

    def fill(self, writer: DatasetWriter) -> None:
        """Draws and writes what is missing."""
        self._copy_discarded(writer)
        self._finished = len(writer.finished)
        self._progress("episodes", self._finished, self._total)
        for name, task in self._tasks.items():
            part = self._dataset.filter(task=name)
            if any(True for _ in self._takes(part, writer)):
                self._draw(part, task, writer)
        writer.flush()

    def _draw(self, part: Dataset, task: TaskSpec, writer: DatasetWriter) -> None:
        engine = engine_of_task(self._dataset.manifest, task.name) or "newton"
        worlds = worlds_that_fit(task, part, self._options)
        studio = Studio(task, engine, worlds, self._options.device)
        try:
            for take, scene, images in studio.draw(self._takes(part, writer)):
                writer.write(self._episode(take, scene, images))
                self._finished += 1
                self.frames += take.episode.length
                self._progress("episodes", self._finished, self._total)
            writer.flush()
        finally:
            self.seconds += 0.0 if studio.began is None else time.perf_counter() - studio.began
            studio.close()

    def _takes(self, part: Dataset, writer: DatasetWriter) -> Iterator[Take]:
        for episode in part:
            for variant in range(self._options.variants):
                if (episode.phase, self._index(episode.index, variant)) not in writer.finished:
                    yield Take(episode, variant, self._options.looks_seed(episode.seed, variant))

    def _index(self, index: int, variant: int = 0) -> int:
        return index * self._options.variants + variant

    def _episode(self, take: Take, scene: Scene, images: Images) -> Episode:
        recorded = take.episode
        arrays: dict[str, np.ndarray] = {
            path: recorded.arrays[path][()] for path in recorded.arrays if not path.startswith(IMAGES)
        }
        subtasks = [{"name": name, "instruction": text} for name, text in scene.stages]
        origin = recorded.origin or {"source": self._source.name, "index": recorded.index}
        if take.looks_seed is not None or self._options.variants > 1:
            origin = {**origin, "variant": take.variant}
        if take.looks_seed is not None:
            origin = {**origin, LOOKS_SEED: take.looks_seed}
        return Episode(
            index=self._index(recorded.index, take.variant),
            seed=recorded.seed,
            phase=recorded.phase,
            task=recorded.task,
            instruction=scene.instruction,
            success=recorded.success,
            reward_sum=recorded.reward_sum,
            length=recorded.length,
            arrays=arrays | images,
            randomisation=scene.values,
            segmentation_ids=recorded.segmentation_ids,
            flags=list(recorded.flags),
            subtasks=subtasks if recorded.subtasks else [],
            origin=origin,
        )

    def _copy_discarded(self, writer: DatasetWriter) -> None:
        """Takes over the attempts that gave no episode, where all episodes of their phase are drawn."""
        if not self._options.choice.takes_whole_phases:
            return
        for _shard, record in self._source.records():
            for attempt in record["shard"]["discarded"]:
                if not self._options.choice.has_phase(attempt["phase"]):
                    continue
                for variant in range(self._options.variants):
                    key = (attempt["phase"], self._index(attempt["index"], variant))
                    if key not in writer.discarded:
                        writer.discard(*key, attempt["seed"], attempt["reason"])

    def note(self, out: Path) -> None:
        """Writes into the dataset how the run went, if it drew anything."""
        if self.frames:
            add_run(out, {"frames": self.frames, "seconds": round(self.seconds, 3), "device": self._options.device})
