"""Asks the installed mani_skill for its environments and downloads, without building any of them.

Run as a child, since importing mani_skill takes seconds and loads SAPIEN:
`python -m simgen.env.registered.survey` prints one JSON object; `catalogue.py` keeps it.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np

from simgen.env.registered.needs import PACKAGES, UNDECLARED

# The robots of environments whose constructors read downloaded files before they say.
_BRIDGE = "widowx250s_bridgedataset_"
ROBOTS: dict[str, str] = {
    "PutCarrotOnPlateInScene-v1": _BRIDGE + "flat_table",
    "PutSpoonOnTableClothInScene-v1": _BRIDGE + "flat_table",
    "StackGreenCubeOnYellowCubeBakedTexInScene-v1": _BRIDGE + "flat_table",
    "PutEggplantInBasketScene-v1": _BRIDGE + "sink",
}
# Control modes of robots that compare their joints with those of a loaded model before they say.
CONTROL_MODES: dict[str, tuple[str, ...]] = {"humanoid": ("pd_joint_pos", "pd_joint_delta_pos")}


class _Stop(Exception):
    """Ends the construction of an environment once its robot is known."""


def survey() -> dict[str, Any]:
    """Returns the environments, and where each download lies below the download folder."""
    import mani_skill.envs  # noqa: F401 - registers the environments
    from mani_skill import ASSET_DIR
    from mani_skill.agents.base_agent import BaseAgent
    from mani_skill.envs.sapien_env import BaseEnv
    from mani_skill.utils.assets import DATA_GROUPS, DATA_SOURCES
    from mani_skill.utils.registration import REGISTERED_ENVS

    BaseEnv.__init__ = _stop_at_base  # only in this process, which ends after it
    BaseAgent.__init__ = _no_articulation
    paths = {name: Path(source.output_dir) / str(source.target_path) for name, source in DATA_SOURCES.items()}
    return {
        "environments": [_environment(spec) for spec in REGISTERED_ENVS.values()],
        "sources": {name: os.path.relpath(path, ASSET_DIR) for name, path in paths.items()},
        "groups": {name: sorted(parts) for name, parts in DATA_GROUPS.items()},
    }


def _environment(spec: Any) -> dict[str, Any]:
    env = _half_built(spec)
    agents = _as_tuple(getattr(env, "robot_uids", None))
    supported = [_uid(robot) for robot in getattr(spec.cls, "SUPPORTED_ROBOTS", None) or ()]
    default = _uid(agents) if agents else (supported or [""])[0]
    built = [_agent(robot) for robot in agents]
    return {
        "id": spec.uid,
        "max_steps": spec.max_episode_steps,
        "robots": list(dict.fromkeys([default, *supported])) if default else supported,
        "other_robots": not supported,
        "control_modes": _control_modes(env, built[0]) if built else [],
        "cameras": _cameras(env, built),
        "obs_modes": list(spec.cls.SUPPORTED_OBS_MODES),
        "reward_modes": list(spec.cls.SUPPORTED_REWARD_MODES),
        "downloads": list(_downloads(spec, agents)),
        "packages": list(PACKAGES.get(spec.uid, ())),
    }


def _half_built(spec: Any) -> Any:
    """Returns an environment whose own constructor ran up to its base class's, or as far as it came without files."""
    env = object.__new__(spec.cls)
    try:
        env.__init__(**spec.default_kwargs)
    except _Stop:
        return env
    except Exception:  # whatever an environment does with files that are not there
        parameter = inspect.signature(spec.cls.__init__).parameters.get("robot_uids")
        env.robot_uids = parameter.default if parameter else ROBOTS.get(spec.uid)
    return env


def _stop_at_base(self: Any, *arguments: Any, **named: Any) -> None:
    """Stands for `BaseEnv.__init__`, which would build the scene."""
    self.robot_uids, self._chosen_mode = named.get("robot_uids"), named.get("control_mode")
    self.agent, self.scene, self.camera_mount = MagicMock(), MagicMock(), MagicMock()  # what cameras are mounted on
    self._batched_episode_rng = np.random.RandomState(0)
    raise _Stop


def _no_articulation(self: Any, *arguments: Any, **others: Any) -> None:
    """Stands for `BaseAgent.__init__`, which would load the robot's files."""
    self.scene, self.robot, self.sensors, self._agent_idx = MagicMock(), MagicMock(), {}, None
    self.robot.active_joints = []


def _agent(robot: Any) -> Any:
    from mani_skill.agents.registration import REGISTERED_AGENTS

    kind = REGISTERED_AGENTS[robot].agent_cls if isinstance(robot, str) else robot
    return kind(MagicMock(), 20)


def _control_modes(env: Any, agent: Any) -> list[str]:
    """Returns the control modes of the first robot, the default first."""
    modes = list(CONTROL_MODES.get(_uid(type(agent)), ()) or agent._controller_configs)
    return sorted(modes, key=lambda mode: mode != getattr(env, "_chosen_mode", None))


def _cameras(env: Any, agents: list[Any]) -> list[str]:
    """Returns the environment's cameras and those on its robots."""
    found = _names(env, "_default_sensor_configs")
    for index, agent in enumerate(agents):
        prefix = f"{agent.uid}-{index}-" if len(agents) > 1 else ""
        found += [prefix + name for name in _names(agent, "_sensor_configs")]
    return found


def _names(owner: Any, configs: str) -> list[str]:
    """Returns the names of the sensors that a property gives, none if it asks for a part that is not built."""
    try:
        given = getattr(owner, configs)
    except Exception:  # upstream's code on our stand-ins
        return []
    return [config.uid for config in (given if isinstance(given, Iterable) else [given])]


def _downloads(spec: Any, agents: tuple[Any, ...]) -> list[str]:
    """Returns what the environment and its default robot need, declared or not."""
    from mani_skill.agents.registration import REGISTERED_AGENTS

    needed = [*(spec.asset_download_ids or ()), *UNDECLARED.get(spec.uid, ())]
    for robot in agents:
        if _uid(robot) in REGISTERED_AGENTS:
            needed += REGISTERED_AGENTS[_uid(robot)].asset_download_ids
    return list(dict.fromkeys(needed))


def _as_tuple(uids: Any) -> tuple[Any, ...]:
    if uids is None or uids == "none":
        return ()
    return tuple(uids) if isinstance(uids, (tuple, list)) else (uids,)


def _uid(robot: Any) -> str:
    """Returns a robot's name; several robots of one environment are joined by "+"."""
    if isinstance(robot, (tuple, list)):
        return "+".join(_uid(part) for part in robot)
    return robot if isinstance(robot, str) else getattr(robot, "uid", None) or robot.__name__


if __name__ == "__main__":
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what mani_skill prints
    results.write(json.dumps(survey()) + "\n")
    results.flush()
    sys.exit(0)
