"""What a whole step consists of, in milliseconds of a worker's step and as shares of it."""

from __future__ import annotations

from typing import Any

from simgen.bench.job import Job

ORDER = ("physics", "control", "reward", "observation", "rendering", "reset", "writing", "other")


def parts_table(
    seconds: dict[str, float], steps: int, job: Job, reward_ms: float | None, writing_ms: float | None
) -> dict[str, Any]:
    """Makes the table of the parts.

    Args:
        seconds: Of each part, without what it calls of the others, in `steps` steps [s]. "control" has the reward
            in it: the terms are functions inside the environment's step.
        steps: How many.
        job: What was measured.
        reward_ms: What the reward adds to a step of one of all the workers' worlds [ms]; None: there is none.
        writing_ms: The same of recording; None: it was not measured.

    Returns:
        {part: {"ms_per_step", "share"}}: a step of all worlds of a worker.
    """
    # workers side by side: a worker's own step takes as many times longer as there are of them
    worlds = job.options.num_envs * job.workers
    milliseconds = {name: 1e3 * taken / steps for name, taken in seconds.items()}
    if reward_ms is not None:
        milliseconds["reward"] = min(max(0.0, reward_ms * worlds), milliseconds["control"])
        milliseconds["control"] -= milliseconds["reward"]
    if writing_ms is not None:
        milliseconds["writing"] = max(0.0, writing_ms * worlds)
    total = sum(milliseconds.values())
    return {
        name: {"ms_per_step": milliseconds[name], "share": milliseconds[name] / total}
        for name in ORDER
        if name in milliseconds
    }
