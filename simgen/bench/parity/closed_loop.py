"""Closed loop: the teacher at work in each engine, in the same episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from simgen.bench.parity.sides import Episode, Progress, Side
from simgen.policy import make_policy

MOST_INTERRUPTIONS = 3  # how often an episode is run again whose process died under it


@dataclass(frozen=True)
class Attempt:
    """How the teacher did in an episode.

    Attributes:
        success: Whether the task was done.
        steps: After how many control steps it was done, or given up.
        problem: Why the episode cannot be trusted, or "".
    """

    success: bool
    steps: int
    problem: str = ""


@dataclass(frozen=True, eq=False)
class ClosedLoop:
    """The teacher's attempts in both engines, one each for every episode."""

    episodes: tuple[Episode, ...]
    first: tuple[Attempt, ...]
    second: tuple[Attempt, ...]
    control_seconds: float

    def pairs(self) -> list[tuple[Episode, Attempt, Attempt]]:
        """The episodes that both engines simulated without a problem."""
        rows = zip(self.episodes, self.first, self.second, strict=True)
        return [(episode, one, two) for episode, one, two in rows if not one.problem and not two.problem]

    def agreement(self) -> dict[str, int]:
        """Counts the episodes by where the teacher succeeded."""
        words = {(True, True): "both", (True, False): "only_first", (False, True): "only_second"}
        found = Counter(words.get((one.success, two.success), "neither") for _, one, two in self.pairs())
        return {word: found[word] for word in ("both", "only_first", "only_second", "neither")}


def compare_closed_loop(
    first: Side, second: Side, episodes: Sequence[Episode], progress: Progress
) -> ClosedLoop | None:
    """Runs the teacher in both engines, one after the other; None for a task without a teacher."""
    if first.env.task.teacher is None:
        return None
    one, two = (_Run(side, episodes).run(progress) for side in (first, second))
    return ClosedLoop(tuple(episodes), one, two, first.env.control_seconds)


class _Run:
    """The teacher in one engine; a world whose episode is over gets the next one."""

    def __init__(self, side: Side, episodes: Sequence[Episode]) -> None:
        self._side, self._episodes = side, episodes
        self._policy = make_policy("teacher", side.env)
        self._waiting = list(range(len(episodes)))
        self._running: dict[int, int] = {}  # world -> place in the list
        self._steps: dict[int, int] = {}  # by world
        self._attempts: dict[int, Attempt] = {}
        self._interruptions: Counter[int] = Counter()

    def run(self, progress: Progress) -> tuple[Attempt, ...]:
        """Runs until all episodes are over."""
        self._start()
        while self._running:
            step = self._policy.act({})
            outcome = self._side.env.advance(step.action)
            for world in self._running:
                self._steps[world] += 1
            over = (outcome.terminated | outcome.truncated).cpu() | step.gave_up
            for world in [world for world in self._running if over[world]]:
                self._end(world, bool(outcome.success[world]), outcome.problems, outcome.interrupted)
            self._start()
            progress(f"teacher, {self._side.name}", len(self._attempts), len(self._episodes))
        return tuple(self._attempts[place] for place in range(len(self._episodes)))

    def _start(self) -> None:
        free = [world for world in range(self._side.env.num_envs) if world not in self._running]
        started = dict(zip(free, self._waiting, strict=False))
        if not started:
            return
        del self._waiting[: len(started)]
        self._running |= started
        self._steps |= dict.fromkeys(started, 0)
        scenes = [self._episodes[place].scene for place in started.values()]
        self._side.env.start_scenes(list(started), scenes)
        self._policy.reset(list(started), [scene.seed for scene in scenes])

    def _end(self, world: int, success: bool, problems: dict[int, str], interrupted: frozenset[int]) -> None:
        place = self._running.pop(world)
        problem = problems.get(world, "")
        if world in interrupted:
            self._interruptions[place] += 1
            if self._interruptions[place] < MOST_INTERRUPTIONS:
                self._waiting.append(place)
                return
            problem = f"the process that simulated it died {MOST_INTERRUPTIONS} times"
        self._attempts[place] = Attempt(success and not problem, self._steps[world], problem)
