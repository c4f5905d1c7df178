"""Several configurations, one after the other, each in fresh processes; one that fails does not cost the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simgen.bench.cases import Case
from simgen.bench.conditions import provenance
from simgen.bench.measure import Progress, bench, peer_of
from simgen.bench.options import check_options
from simgen.errors import SimgenError

_COMMON = ("machine", "commit", "tree_changed", "date")


@dataclass
class Sweep:
    """What was measured so far.

    Args:
        task: Name of the task.
        runs: One result for each configuration, in order; one that failed has "failed" with the reason.
    """

    task: str
    runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Configurations that could not be measured."""
        return [run for run in self.runs if "failed" in run]

    def as_dict(self) -> dict[str, Any]:
        """Returns the result for a script; what all runs share stands once."""
        runs = [{key: value for key, value in run.items() if key not in _COMMON} for run in self.runs]
        return {"task": self.task, "runs": runs} | provenance()


def run_sweep(
    cases: Sequence[Case],
    progress: Progress = lambda part, done: None,
    done: Callable[[Sweep], None] = lambda sweep: None,
) -> Sweep:
    """Measures configurations of one task.

    Args:
        cases: The configurations.
        progress: Called with what is being done.
        done: Called after each configuration, so that what was measured can be kept.

    Raises:
        BadInput: Options out of range; nothing has been measured then.
    """
    for case in cases:
        check_options(case.options)
        peer_of(case.task, case.options)
    sweep = Sweep(cases[0].task.name)
    for number, case in enumerate(cases, start=1):

        def tell(part: str, turn: int, number: int = number) -> None:
            progress(f"configuration {number} of {len(cases)}: {part}", turn)

        try:
            result = bench(case.task, case.options, tell)
        except SimgenError as error:
            result = {"failed": str(error)}
        sweep.runs.append(case.row() | result | {"size": case.sizes})
        done(sweep)
    return sweep
