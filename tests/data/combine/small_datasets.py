"""What the tests of combined datasets share: synthetic runs, what is in a dataset, and work that is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from synthetic_episodes import SPEC, make_episode

from simgen.data import DatasetWriter, Episode, open_dataset


def drawn(index: int, phase: str, seed: int, task: str = "pick_cube", **changes: Any) -> Episode:
    """The episode that a run with this dataset seed has at an index; its cube is of one of three kinds."""
    episode = make_episode(index, phase, **{"length": 4 + index % 3, "size": 32, **changes})
    kind = {3: {"name": "cube", "class": ("box", "mug", "sphere")[index % 3], "body": "cube"}}
    return replace(episode, seed=1000 * seed + index, task=task, segmentation_ids=episode.segmentation_ids | kind)


def spec_of(seed: int, **fields: Any) -> dict[str, Any]:
    """The spec of a run with this seed."""
    return {**SPEC, **fields, "generation": {"seed": seed, "noise": 0.0, "engine": "newton"}}


def write(
    path: Path,
    seed: int,
    random: Iterable[int] = (),
    teacher: Iterable[int] = (),
    failed: Iterable[int] = (),
    **options,
) -> Path:
    """Writes a dataset with these episodes of two phases; attempts of the teacher that `failed` gave none."""
    spec = options.pop("spec", None) or spec_of(seed)
    storage = {"episodes_per_shard": 4, "engine": "newton", "phases": ["random", "teacher"], **options}
    with DatasetWriter(path, spec, **storage) as writer:
        for phase, indices in (("random", random), ("teacher", teacher)):
            for index in indices:
                writer.write(drawn(index, phase, seed, spec["name"]))
        for index in failed:
            writer.discard("teacher", index, 1000 * seed + index, "failure")
    return path


def keys(path: Path) -> dict[tuple[str, int], int]:
    """The seed of each episode, by phase and index."""
    return {(episode.phase, episode.index): episode.seed for episode in open_dataset(path)}


def hashes(*paths: Path) -> set[str]:
    """Hashes of the episodes of several datasets."""
    return {episode.sha256 for path in paths for episode in open_dataset(path)}


def files(path: Path) -> dict[str, Any]:
    """Everything in a dataset's shards, what their records say, and its index."""
    found: dict[str, Any] = {file.name: file.read_bytes() for file in (path / "shards").iterdir()}
    found |= {name: json.loads(content) for name, content in found.items() if name.endswith(".json")}
    return found | {"episodes.jsonl": (path / "episodes.jsonl").read_bytes()}


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Does some work in a child process that is killed before its `step`-th rename or removal of a file.

    Returns:
        whether it got that far; else the work was done.
    """
    child = os.fork()
    if child == 0:
        left = step
        for name in ("replace", "rename", "unlink"):
            before = getattr(os, name)

            def counted(*arguments: Any, before: Callable[..., Any] = before, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return before(*arguments, **options)

            setattr(os, name, counted)
        try:
            work()
            os._exit(0)
        except BaseException as error:
            sys.stderr.write(f"{error}\n")
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
