"""Runs one phase: keeps the worlds busy with scheduled episodes and hands finished ones to the writer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from simgen.data.episode import Episode
from simgen.env.base import BaseEnv, Outcome
from simgen.errors import BadInput, SimgenError
from simgen.generate.recorder import Recorder
from simgen.generate.schedule import Schedule
from simgen.generate.share import Share
from simgen.policy.base import Policy
from simgen.world.scene.scene import Scene
from simgen.world.scene.seed import episode_seed

# Worlds wait for company before they start anew, because a start draws all worlds once more.
START_SHARE = 0.25
# How often an episode is run again whose process died under it; then it is the episode's fault.
MOST_INTERRUPTIONS = 3
FAILURE, KEPT_FAILURE = "failure", "failure, kept and flagged"


class Before(Protocol):
    """What earlier runs have done: a `DatasetWriter` knows, among others."""

    finished: set[tuple[str, int]]
    discarded: dict[tuple[str, int], dict[str, Any]]
    found_successful: set[tuple[str, int]]


@dataclass
class PhaseCounts:
    """What a phase has done so far, earlier runs included, and how much this run has simulated.

    Args:
        wanted: Episodes to keep.
        episodes: Kept episodes that count.
        attempts: Episodes that ended, kept or not.
        successes: Attempts that succeeded.
        frames: Control steps that this run simulated, summed over worlds; also of what was discarded.
        discarded: Attempts of which nothing is kept, by reason.
        workers: How many are alive; 0 where this process does the work.
        silence: For how long a worker that has something to do has not reported, at most [s].
    """

    wanted: int = 0
    episodes: int = 0
    attempts: int = 0
    successes: int = 0
    frames: int = 0
    discarded: dict[str, int] = field(default_factory=dict)
    workers: int = 0
    silence: float = 0.0

    @classmethod
    def before(cls, name: str, schedule: Schedule, writer: Before, share: Share) -> PhaseCounts:
        """Returns the counts of what earlier runs have done for a task."""
        successes = len(share.own(name, writer.found_successful))
        counts = cls(schedule.wanted, len(schedule.kept), schedule.attempts, successes)
        for number in share.own(name, writer.discarded).values():
            reason = writer.discarded[name, number]["reason"]
            counts.discarded[reason] = counts.discarded.get(reason, 0) + 1
        return counts

    @classmethod
    def total(cls, parts: Iterable[PhaseCounts]) -> PhaseCounts:
        """Returns the sum of several tasks' counts."""
        total = cls()
        for part in parts:
            for name in ("wanted", "episodes", "attempts", "successes", "frames"):
                setattr(total, name, getattr(total, name) + getattr(part, name))
            for reason, count in part.discarded.items():
                total.discarded[reason] = total.discarded.get(reason, 0) + count
        return total

    @property
    def success_rate(self) -> float | None:
        """Successes per attempt."""
        return self.successes / self.attempts if self.attempts else None


class TooFewEpisodes(SimgenError):
    """The budget of attempts is used up before enough episodes were kept; what was kept stays."""


class Sink(Protocol):
    """Where a phase's episodes go."""

    def write(self, episode: Episode) -> None:
        """Takes an episode over; its arrays are copied before this returns."""

    def discard(self, phase: str, index: int, seed: int, reason: str) -> None:
        """Notes an attempt of which nothing is kept."""


class Indices(Protocol):
    """Which episodes are tried; `Schedule` says what the methods mean."""

    def take(self) -> int | None: ...
    def put_back(self, index: int) -> None: ...
    def keep(self, index: int) -> None: ...
    def reject(self, index: int) -> None: ...


class Phase:
    """One phase of a dataset, for one task.

    Args:
        name: "random" or "teacher".
        env: The worlds.
        policy: Who acts.
        sink: Where episodes go.
        schedule: Which of the task's episodes are tried.
        share: Their numbers in the dataset.
        counts: What was done before; kept up to date.
        dataset_seed: Of the whole dataset.
        only_successes: Whether failures do not count.
        keep_failures: Whether failures are written too, flagged.
        noisy: Whether executed actions differ from their labels.
        progress: Called after each step with the counts.
    """

    def __init__(
        self,
        name: str,
        env: BaseEnv,
        policy: Policy,
        sink: Sink,
        schedule: Indices,
        share: Share,
        counts: PhaseCounts,
        dataset_seed: int,
        only_successes: bool,
        keep_failures: bool,
        noisy: bool,
        progress: Callable[[str, PhaseCounts], None],
    ) -> None:
        self.name, self._env, self._policy, self._sink = name, env, policy, sink
        self._schedule, self._share, self._dataset_seed = schedule, share, dataset_seed
        self._only_successes, self._keep_failures = only_successes, keep_failures
        self._progress, self._recorder = progress, Recorder(env, noisy)
        self._running: dict[int, int] = {}  # world -> index
        self._interruptions: Counter[int] = Counter()
        self._obs: dict[str, Any] = {}
        self.counts = counts

    @property
    def free(self) -> int:
        """Worlds that could begin an episode."""
        return self._env.num_envs - len(self._running)

    @property
    def may_start(self) -> bool:
        """Whether enough worlds are free to begin episodes in them."""
        return not self._running or self.free >= max(1, START_SHARE * self._env.num_envs)

    def step(self) -> bool:
        """Begins episodes where that is due, and advances all that run by a control step; False if none runs."""
        if self.may_start:
            self._obs = self._start() or self._obs
        if not self._running:
            return False
        step = self._policy.act(self._obs)
        outcome = self._env.advance(step.action)
        self._obs = self._env.observe(copy=False, worlds=list(self._running) if self.free else None)
        self._recorder.add(list(self._running), step, outcome, self._obs)
        self.counts.frames += len(self._running)
        self._end(outcome, step.gave_up)
        self._progress(self.name, self.counts)
        return True

    def _start(self) -> dict:
        scenes: dict[int, Scene] = {}
        for world in range(self._env.num_envs):
            if world not in self._running:
                following = self._next_scene()
                if following is None:
                    break
                self._running[world], scenes[world] = following
        if not scenes:
            return {}
        started = list(scenes)
        self._env.start_scenes(started, list(scenes.values()))
        self._policy.reset(started, [scene.seed for scene in scenes.values()])
        obs = self._env.observe(copy=False, worlds=started)
        self._recorder.begin(started, obs)
        return obs

    def _next_scene(self) -> tuple[int, Scene] | None:
        """Returns index and scene of the next episode that can be built; None if no more are needed."""
        while (index := self._schedule.take()) is not None:
            seed = episode_seed(self._dataset_seed, self._env.task.name, self.name, index)
            try:
                return index, self._env.sampler.sample(seed)
            except BadInput as error:  # this seed's scene cannot be built; others may
                self._discard(index, seed, str(error))
        return None

    def _end(self, outcome: Outcome, gave_up: torch.Tensor) -> None:
        done = outcome.verdict.ended | gave_up.numpy()
        for world in [world for world in self._running if done[world]]:
            index, problem = self._running.pop(world), outcome.problems.get(world)
            seed = self._env.engine.scene(world).seed
            if world in outcome.interrupted:
                problem = self._interrupted(index)
                if problem is None:
                    continue
            if problem is not None:
                self._discard(index, seed, problem)
                continue
            self._conclude(world, index, seed)

    def _interrupted(self, index: int) -> str | None:
        """Puts an episode back whose process died; after too many deaths returns the reason to discard it."""
        self._interruptions[index] += 1
        if self._interruptions[index] < MOST_INTERRUPTIONS:
            self._schedule.put_back(index)
            return None
        return f"the process that simulated it died {MOST_INTERRUPTIONS} times"

    def _conclude(self, world: int, index: int, seed: int) -> None:
        episode = self._recorder.finish(world, self._share.number(index), self.name, [])
        failed = self._only_successes and not episode.success
        self.counts.successes += int(episode.success)
        if failed and not self._keep_failures:
            self._discard(index, seed, FAILURE)
            return
        if failed:
            episode.flags.append(FAILURE)
        self._sink.write(episode)
        self.counts.attempts += 1
        if failed:
            self._schedule.reject(index)
        else:
            self._schedule.keep(index)
            self.counts.episodes += 1

    def _discard(self, index: int, seed: int, reason: str) -> None:
        self._schedule.reject(index)
        self._sink.discard(self.name, self._share.number(index), seed, reason)
        self.counts.attempts += 1
        self.counts.discarded[reason] = self.counts.discarded.get(reason, 0) + 1


def too_few(task: str, name: str, schedule: Schedule, counts: PhaseCounts) -> str:
    """Says how many episodes of a phase are missing, what happened instead, and how to look at it."""
    reasons = Counter(counts.discarded)
    flagged = len(schedule.rejected) - reasons.total()
    if flagged:
        reasons[KEPT_FAILURE] = flagged
    most = "; ".join(f"{_first_line(reason)} ({count} times)" for reason, count in reasons.most_common(2))
    text = (
        f"{task}, {name} phase: only {len(schedule.kept)} of {schedule.wanted} "
        f"episodes succeeded in {schedule.attempts} attempts; they are kept. "
        f"Most frequent: {most or 'nothing else'}."
    )
    if FAILURE in reasons:
        text += " To look at failures, generate into another directory with --keep-failures."
    return text


def _first_line(reason: str) -> str:
    line = reason.splitlines()[0] if reason else ""
    return line if len(line) <= 200 else f"{line[:197]}..."
