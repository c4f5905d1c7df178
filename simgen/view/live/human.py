"""Records what a person did as episodes of the phase `human`, in a dataset that grows and can be replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from simgen.data.manifest import GENERATION, read_manifest, require_same_spec
from simgen.data.mesh_hashes import mesh_hashes
from simgen.data.resume import existing_manifest
from simgen.data.writer import DatasetWriter
from simgen.env.base import BaseEnv, Outcome
from simgen.env.factory import engine_of
from simgen.errors import BadInput
from simgen.generate.notes import feature_notes
from simgen.generate.options import GenerateOptions, random_policy_of
from simgen.generate.phase import FAILURE
from simgen.generate.recorder import Recorder
from simgen.policy.base import Step
from simgen.spec import AnyTask, RegisteredSpec, TaskSpec
from simgen.world.scene.scene import Scene
from simgen.world.scene.seed import episode_seed

HUMAN = "human"
DISCARDED = "discarded by the person"
_MOST_SKIPPED = 100


def human_spec(task: AnyTask, seed: int, engine: str | None, recorded: dict[str, Any]) -> dict[str, Any]:
    """Returns the spec of a dataset of a task: that of `simgen generate` with the same seed, whose datasets it fits."""
    options = GenerateOptions(seed=seed, engine=engine)
    meshes = mesh_hashes(task) if isinstance(task, TaskSpec) else {}
    identity = {
        "seed": seed,
        "random_policy": random_policy_of(task, options),
        "noise": options.noise,
        "keep_failures": options.keep_failures,
        "device": options.device,
        "engine": engine_of(task, engine),
        **(recorded if isinstance(task, RegisteredSpec) else {}),
        **({"mesh_files": meshes} if meshes else {}),
    }
    return task.resolved() | {GENERATION: identity}


def require_place(out: Path, task: AnyTask, seed: int, engine: str | None) -> None:
    """Refuses a directory that holds something else, before anything is built.

    Raises:
        BadInput: Files that are no dataset, or a dataset of another task, seed or engine.
    """
    if existing_manifest(out, resume=True) is not None and isinstance(task, TaskSpec):
        require_same_spec(read_manifest(out), human_spec(task, seed, engine, {}), out)


class HumanRecording:
    """The dataset that a person's episodes go into; it is opened when the first one begins.

    Args:
        env: One world.
        out: Directory of the dataset.
        seed: Of the dataset.
        engine: As asked for.
        command: To be recorded.

    Attributes:
        kept: Episodes written by this run.
        running: Whether an episode is being recorded.
    """

    def __init__(
        self, env: BaseEnv, out: Path, seed: int, engine: str | None = None, command: str | None = None
    ) -> None:
        self._env, self._out, self._seed, self._engine, self._command = env, out, seed, engine, command
        self._writer: DatasetWriter | None = None
        self._recorder = Recorder(env)
        self._index: int | None = None
        self._success = False
        self.kept = self.successes = self.dropped = 0
        self.running = False

    @property
    def steps(self) -> int:
        """Steps of the episode under way."""
        return int(self._recorder.time[0]) if self.running else 0

    @property
    def before(self) -> int:
        """Episodes of people that the dataset had already."""
        return 0 if self._writer is None else sum(phase == HUMAN for phase, _ in self._writer.finished) - self.kept

    def next_scene(self) -> Scene:
        """Returns the scene of the next episode to be recorded; seeds that cannot be drawn are noted and passed over.

        Raises:
            BadInput: Too many in a row, or another spec in the directory.
            SimgenError: Another process writes there.
        """
        writer, failure = self._open(), ""
        for _ in range(_MOST_SKIPPED):
            index = self._free(writer)
            seed = episode_seed(self._seed, self._env.task.name, HUMAN, index)
            try:
                scene = self._env.sampler.sample(seed)
            except BadInput as error:
                failure = str(error)
                writer.discard(HUMAN, index, seed, failure)
                continue
            self._index = index
            return scene
        raise BadInput(f"{failure} ({_MOST_SKIPPED} episodes in a row could not be drawn.)")

    @staticmethod
    def _free(writer: DatasetWriter) -> int:
        taken = {index for phase, index in (*writer.finished, *writer.discarded) if phase == HUMAN}
        return next(index for index in range(len(taken) + 1) if index not in taken)

    def _open(self) -> DatasetWriter:
        if self._writer is None:
            task, recorded = self._env.task, self._env.recorded
            self._writer = DatasetWriter(
                self._out, human_spec(task, self._seed, self._engine, recorded), resume=True, phases=[HUMAN],
                engine=engine_of(task, self._engine), command=self._command,
            )  # fmt: skip
            if not self._writer.notes:
                self._writer.describe(feature_notes(self._env))
        return self._writer

    def begin(self, obs: dict[str, Any]) -> None:
        """Starts recording the episode whose scene was asked for last and is now in the world."""
        self._recorder.begin([0], obs)
        self.running, self._success = True, False

    def add(self, action: torch.Tensor, outcome: Outcome, obs: dict[str, Any]) -> None:
        """Records a control step: the action (1, A) that was executed and what came of it."""
        step = Step(action, action, torch.zeros(1, dtype=torch.bool))
        self._recorder.add([0], step, outcome, obs)
        self._success = bool(outcome.success[0])

    def keep(self) -> bool:
        """Writes the episode as it is and waits until it is safe; returns whether it succeeded."""
        assert self._index is not None
        writer, self.running = self._open(), False
        flags = [] if self._success else [FAILURE]
        writer.write(self._recorder.finish(0, self._index, HUMAN, flags))
        writer.flush()
        self.kept += 1
        self.successes += int(self._success)
        return self._success

    def discard(self) -> None:
        """Notes that the episode was thrown away, so that its number is not used again."""
        assert self._index is not None
        self.running = False
        seed = episode_seed(self._seed, self._env.task.name, HUMAN, self._index)
        self._open().discard(HUMAN, self._index, seed, DISCARDED)
        self.dropped += 1

    def close(self) -> None:
        """Commits what was kept; an episode that nobody has ended is not."""
        self.running = False
        if self._writer is not None:
            self._writer.close()
            self._writer = None
