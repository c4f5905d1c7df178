"""The environments that mani_skill registers: their robots, control modes, cameras, and what each needs.

They are asked for in a child process, once per version of mani_skill; the answer is kept in the user's cache.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from simgen.env.registered.needs import absent
from simgen.errors import BadInput, SimgenError, nearest, unknown
from simgen.paths import cache_dir
from simgen.spec import RegisteredSpec
from simgen.world.engine.probe.child import ask

FORMAT = 2  # of the file in the cache; to be raised when `survey.py` asks for more
_SECONDS = 300.0


@dataclass(frozen=True)
class Entry:
    """A registered environment.

    Args:
        id: Such as "PickCube-v1".
        max_steps: After which an episode is truncated; None: never.
        robots: Those it supports, the default first; several robots in one environment are joined by "+".
        other_robots: Whether it takes robots beyond these, since it does not say which it supports.
        control_modes: Of the default robot, the default first.
        cameras: Names of its cameras with the default robot.
        obs_modes, reward_modes: What it supports.
        downloads: Ids of the downloads that it needs with the default robot; empty: complete in the wheel.
        packages: Python packages that it needs and mani_skill does not bring.
    """

    id: str
    max_steps: int | None
    robots: tuple[str, ...]
    other_robots: bool
    control_modes: tuple[str, ...]
    cameras: tuple[str, ...]
    obs_modes: tuple[str, ...]
    reward_modes: tuple[str, ...]
    downloads: tuple[str, ...]
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A download.

    Args:
        id: Such as "ycb".
        path: Where it belongs.
        nested: Where other downloads belong that lie directly in this one's folder.
    """

    id: str
    path: Path
    nested: tuple[Path, ...] = ()

    @property
    def present(self) -> bool:
        """Whether it is on disk: an empty folder, as a failed download of mani_skill leaves it, is not."""
        if not self.path.is_dir():
            return self.path.is_file()
        return any(child not in self.nested for child in self.path.iterdir())


def catalogue() -> tuple[Entry, ...]:
    """Returns all environments of the installed mani_skill, in the order in which it registers them."""
    return tuple(_entry(environment) for environment in _survey()["environments"])


def entry(env_id: str) -> Entry:
    """Returns an environment.

    Raises:
        BadInput: If mani_skill has no such environment; names the nearest.
    """
    found = {environment.id: environment for environment in catalogue()}
    if env_id not in found:
        raise unknown("ManiSkill environment", env_id, found)
    return found[env_id]


def check_names(task: RegisteredSpec) -> None:
    """Refuses names that an environment does not know, without building it: those that a worker would refuse later.

    Control modes and cameras of other robots than the default one are not known here.

    Raises:
        BadInput: If the environment, its robot, control mode, reward or a camera does not exist; names the nearest.
    """
    known = entry(task.env_id)
    robot, cameras = task.robot, tuple(task.cameras)
    if robot.use is not None and robot.use not in known.robots and not known.other_robots:
        raise unknown(f"robot of {known.id}", robot.use, known.robots, "robot.use")
    if task.reward is not None and task.reward not in known.reward_modes:
        raise unknown(f"reward of {known.id}", task.reward, known.reward_modes, "reward")
    if robot.use is not None and robot.use != known.robots[0]:
        return
    if robot.control is not None and known.control_modes and robot.control not in known.control_modes:
        raise unknown(f"control mode of {known.robots[0]}", robot.control, known.control_modes, "robot.control")
    for camera in cameras:
        if camera not in known.cameras:
            raise unknown("camera", camera, known.cameras, "cameras")


def missing(environment: Entry) -> list[str]:
    """Returns the ids of the downloads that an environment needs and that are not, or not whole, on disk."""
    return [name for name in environment.downloads if not all(source.present for source in expand(name))]


def missing_packages(environment: Entry) -> list[str]:
    """Returns the Python packages that an environment needs and that are not installed."""
    return absent(environment.packages)


def sources() -> dict[str, Source]:
    """Returns all downloads that mani_skill knows, by id."""
    paths = {name: asset_dir() / path for name, path in _survey()["sources"].items()}
    children: dict[Path, list[Path]] = {}
    for path in paths.values():
        children.setdefault(path.parent, []).append(path)
    return {name: Source(name, path, tuple(children.get(path, ()))) for name, path in paths.items()}


def groups() -> dict[str, tuple[str, ...]]:
    """Returns the named sets of downloads: name -> ids of downloads or of other sets."""
    return {name: tuple(parts) for name, parts in _survey()["groups"].items() if parts}


def expand(name: str) -> tuple[Source, ...]:
    """Returns the downloads behind the id of a download, a set of them or an environment, each once.

    Raises:
        BadInput: If there is nothing of this name; names the nearest.
    """
    environments = {environment.id: environment.downloads for environment in catalogue()}
    sets = groups() | environments
    everything = sources()
    if name not in everything and name not in sets:
        raise BadInput(
            f"unknown download or ManiSkill environment {name!r}{nearest(name, {*everything, *sets}) or '.'} "
            "`simgen assets list` and `simgen list maniskill` name them."
        )
    found: dict[str, Source] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop(0)
        if current in everything:
            found[current] = everything[current]
        else:
            waiting += sets[current]
    return tuple(found.values())


def asset_dir() -> Path:
    """Returns mani_skill's download folder: $MS_ASSET_DIR/data, else ~/.maniskill/data."""
    return Path(os.environ.get("MS_ASSET_DIR", Path.home() / ".maniskill")) / "data"


def _entry(environment: dict[str, Any]) -> Entry:
    lists = {key: tuple(value) for key, value in environment.items() if isinstance(value, list)}
    return Entry(
        id=environment["id"],
        max_steps=environment["max_steps"],
        other_robots=environment["other_robots"],
        **lists,
    )


@cache
def _survey() -> dict[str, Any]:
    """Returns what `survey.py` found, from the cache if this version was asked before."""
    try:
        installed = version("mani_skill")
    except PackageNotFoundError as error:
        raise SimgenError("mani_skill is not installed; run `pip install mani_skill`.") from error
    kept = cache_dir() / f"maniskill-{installed}-{FORMAT}.json"
    try:
        return json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        pass
    answer = ask("simgen.env.registered.survey", timeout=_SECONDS)
    if not answer.facts:
        raise SimgenError(f"mani_skill {installed} cannot be imported: {answer.failure}. Try `simgen doctor`.")
    beside = kept.with_name(f"{kept.name}.{os.getpid()}")
    beside.write_text(json.dumps(dict(answer.facts)), encoding="utf-8")
    beside.replace(kept)
    return dict(answer.facts)
