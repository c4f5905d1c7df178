"""What robots have, from their cards alone: which terms, joints and control modes a task may use with them.

`simgen.world.robot.card` reads cards in full and says what is wrong with one; here such a card is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simgen.spec.registry import RobotKind


def read_robot_kinds(cards: Iterable[Path]) -> dict[str, RobotKind]:
    """Returns what the robots of some cards have, by the names of the files."""
    kinds = {path.stem: _read(path) for path in cards}
    return {name: kind for name, kind in kinds.items() if kind is not None}


@cache
def _read(path: Path) -> RobotKind | None:
    try:
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _kind(card)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, AttributeError):
        return None


def _kind(card: Mapping[str, Any]) -> RobotKind:
    base, gripper = card.get("base", "fixed"), card.get("gripper")
    arm = tuple(card.get("arm_joints", ()))
    drives = isinstance(base, Mapping)
    has = {
        "tool": card.get("tcp_link") is not None,
        "gripper": gripper is not None,
        "arm": bool(arm),
        "moves": drives or base == "floating",
        "floats": base == "floating",
        "drives": drives,
    }
    joints = (
        *(base["joints"] if drives else ()),
        *arm,
        *card.get("passive_joints", ()),
        *(gripper["joints"] if gripper is not None else ()),
        *(wheel["joint"] for wheel in (base.get("wheels", ()) if drives else ())),
    )
    able = frozenset(name for name, there in has.items() if there)
    return RobotKind(able, joints, _controls(able, card.get("drive") == "effort"))


def _controls(has: frozenset[str], effort: bool) -> tuple[str, ...]:
    if effort:
        return ("effort",)
    arm = ("pd_joint_pos", "pd_joint_delta_pos", "pd_joint_offset") if "arm" in has else ()
    tool = ("pd_ee_pose", "pd_ee_delta_pose") if "tool" in has else ()
    return (*arm, *tool, *(("base_velocity",) if "drives" in has else ()))
