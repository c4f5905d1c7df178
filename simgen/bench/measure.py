"""Measures a task: steps without images, rendering alone and whole steps, medians over repetitions, memory as peak.

As ManiSkill's script: N environments x steps / wall time with random actions, resets included, frames counted once per
world whatever the number of cameras, the device synchronised before the clock is read. What is compared is measured in
turns, so that a machine that is faster at one time than at another does not favour a side.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simgen.bench.conditions import conditions
from simgen.bench.crew import Crew, rate_of
from simgen.bench.job import Built, Job, Kind, Peak, Turn
from simgen.bench.options import BenchOptions, check_options, worker_count
from simgen.bench.parts import parts_table
from simgen.env.factory import engine_of
from simgen.spec import TaskSpec

Progress = Callable[[str, int], None]
Rates = dict[str, list[float]]


def bench(task: TaskSpec, options: BenchOptions, progress: Progress = lambda part, done: None) -> dict[str, Any]:
    """Measures a task in processes of its own.

    Returns:
        The keys of DESIGN's command table: physics_fps, render_fps, total_fps, build_seconds, first_frame_seconds,
        peak_host_bytes, peak_device_bytes, num_envs, engine; "parts" of a step, "physics_without_reward_fps",
        "resets"; the spread, the configuration and the machine; with several workers "workers_ratio"; with `write`
        "written_fps" and "written_ratio"; with `against` also peer, ratio, ratio_equal_meshes and ratios.

    Raises:
        BadInput: Options out of range.
        SimgenError: A process died, for want of memory perhaps.
    """
    check_options(options)
    if not task.cameras:
        options = _without_images(options)
    if not options.reward:
        task = task.model_copy(update={"reward": ()})
    env_id = peer_of(task, options)
    workers = worker_count(options, engine_of(task, options.engine))
    with Crew(Job(task, options, workers)) as crew:
        measured = _Measurement(crew, progress).run()
        compared = {} if env_id is None else _compared(crew, env_id, progress)
    return measured | compared | conditions(task, options, workers)


class _Measurement:
    """One configuration, measured by a crew."""

    def __init__(self, crew: Crew, progress: Progress) -> None:
        self._crew, self._progress = crew, progress
        self._options, self._task = crew.job.options, crew.job.task
        self._steps = self._options.steps_of(self._task)
        self._resets = 0

    def run(self) -> dict[str, Any]:
        """Measures everything but the peer."""
        built = self._crew.make("whole")
        whole = self._turns(self._whole_sides(), "whole")
        seconds = self._crew.parts("whole", self._steps)
        peak, resets = self._crew.memory(), self._resets  # now, before other environments take memory
        written = self._written()
        states = self._states()
        rates = _Rates(whole, states, written)
        parts = parts_table(seconds, self._steps, self._crew.job, rates.reward_ms, rates.writing_ms)
        return rates.as_dict() | _costs(built, peak) | {"resets": resets, "parts": parts}

    def _whole_sides(self) -> dict[str, Callable[[], float]]:
        crew, steps = self._crew, self._steps
        sides: dict[str, Callable[[], float]] = {"total": lambda: self._rate(crew.step("whole", steps))}
        if crew.job.workers > 1:
            sides["alone"] = lambda: rate_of(crew.step_alone("whole", steps))
        if self._options.images:
            sides["render"] = lambda: rate_of(crew.render("whole", steps))
        return sides

    def _written(self) -> Rates:
        """Whole steps and recording, in turns."""
        if not self._options.write:
            return {}
        sides = {"simulated": lambda: self._crew.rate("whole", self._steps), "written": self._crew.record}
        return self._turns(sides, "whole")

    def _states(self) -> Rates:
        """Steps without images, with reward and without, in turns."""
        kinds: dict[str, Kind] = {"physics": "state" if self._options.images else "whole"}
        if self._task.reward:
            kinds["without_reward"] = "state_without_reward"
        made: list[Kind] = [kind for kind in kinds.values() if kind != "whole"]
        for kind in made:
            self._crew.make(kind)
        rates = self._turns(
            {name: lambda kind=kind: self._crew.rate(kind, self._steps) for name, kind in kinds.items()},
            *kinds.values(),
        )
        for kind in made:
            self._crew.drop(kind)
        return rates

    def _turns(self, sides: Mapping[str, Callable[[], float]], *kinds: Kind) -> Rates:
        """Measures sides in turns, after a warm-up."""
        for kind in kinds:  # also those that are warm: recording has let them stand
            self._crew.warm_up(kind, self._steps)
        rates: Rates = {name: [] for name in sides}
        for repetition in range(1, self._options.repetitions + 1):
            for name, measure in sides.items():
                self._progress(name.replace("_", " "), repetition)
                rates[name].append(measure())
        return rates

    def _rate(self, turns: list[Turn]) -> float:
        self._resets += sum(turn.resets for turn in turns)
        return rate_of(turns)


@dataclass(frozen=True)
class _Rates:
    """Env-steps per second of each turn: of whole steps, of steps without images, of recording."""

    whole: Rates
    states: Rates
    written: Rates

    @property
    def reward_ms(self) -> float | None:
        """What reward and its terms add to a step of one world [ms]: medians, in steps without images."""
        if "without_reward" not in self.states:
            return None
        return _added_ms(self.states["physics"], self.states["without_reward"])

    @property
    def writing_ms(self) -> float | None:
        """What recording adds to a whole step of one world [ms]: medians."""
        return _added_ms(self.written["written"], self.written["simulated"]) if self.written else None

    def as_dict(self) -> dict[str, Any]:
        """Returns medians, spread and ratios by the names of the result."""
        shown = {name: self.whole[name] for name in ("total", "render") if name in self.whole}
        shown["physics"] = self.states["physics"]
        result: dict[str, Any] = {"render_fps": None}
        result |= {f"{name}_fps": statistics.median(rates) for name, rates in shown.items()}
        if "without_reward" in self.states:
            result["physics_without_reward_fps"] = statistics.median(self.states["without_reward"])
        if "alone" in self.whole:
            result |= _ratio("workers_ratio", self.whole["total"], self.whole["alone"])
            result["one_worker_fps"] = statistics.median(self.whole["alone"])
        if self.written:
            shown["written"] = self.written["written"]
            result["written_fps"] = statistics.median(shown["written"])
            result |= _ratio("written_ratio", self.written["written"], self.written["simulated"])
        return result | {"spread": {name: [min(rates), max(rates)] for name, rates in shown.items()}}


def _added_ms(slow: list[float], fast: list[float]) -> float:
    """How much longer a step takes on one side than on the other [ms]: the median over the turns."""
    return statistics.median(1e3 / first - 1e3 / second for first, second in zip(slow, fast, strict=True))


def _ratio(name: str, above: list[float], below: list[float]) -> dict[str, Any]:
    """A ratio's median over the turns, and all of them."""
    ratios = [first / second for first, second in zip(above, below, strict=True)]
    return {name: statistics.median(ratios), f"{name}s": ratios}


def _costs(built: Built, peak: Peak) -> dict[str, Any]:
    return {
        "build_seconds": built.build_seconds,
        "first_frame_seconds": built.first_frame_seconds,
        "peak_host_bytes": peak.host_bytes,
        "peak_device_bytes": peak.device_bytes,
    }


def _without_images(options: BenchOptions) -> BenchOptions:
    options = replace(options, images=False)
    check_options(options)
    return options


def peer_of(task: TaskSpec, options: BenchOptions) -> str | None:
    """Returns the environment of ManiSkill's to compare with, if that is wanted; raises BadInput if there is none."""
    if options.against is None:
        return None
    from simgen.bench.peer.compare import peer_id
    from simgen.env.registered.catalogue import catalogue

    return peer_id(task, [entry.id for entry in catalogue()])


def _compared(crew: Crew, env_id: str, progress: Progress) -> dict[str, Any]:
    """Ours and the peer in turns; the peer rests while we work and the reverse."""
    from simgen.bench.peer.compare import compare

    task, options = crew.job.task, crew.job.options
    steps = options.steps_of(task)
    ours: dict[str, Callable[[], float]] = {"ours": lambda: crew.rate("whole", steps)}
    if options.images and task.render.shadows:
        crew.make("whole_without_shadows")
        crew.warm_up("whole_without_shadows", steps)
        ours["ours_without_shadows"] = lambda: crew.rate("whole_without_shadows", steps)
    return compare(task, env_id, ours, options.repetitions, progress, images=options.images)
