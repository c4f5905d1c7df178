"""Which columns of an episode belong to its robot's arm, gripper and tool: names that other formats ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simgen.data.export.layout import ENV, Layout
from simgen.errors import BadInput

if TYPE_CHECKING:
    from simgen.world.robot.card import RobotCard

QPOS, QVEL, TOOL = "obs/agent/qpos", "obs/agent/qvel", "obs/extra/tcp_pose"
_HANDS = ("finger", "gripper", "jaw", "knuckle", "hand")


@dataclass(frozen=True)
class Joints:
    """Columns of qpos, in order.

    Attributes:
        arm, hand: of the arm and of the gripper.
        others: of a base, wheels, and whatever else moves.
    """

    arm: tuple[int, ...]
    hand: tuple[int, ...]
    others: tuple[int, ...]


def card_of(layout: Layout) -> RobotCard | None:
    """The card of the robot whose state was recorded; None where simgen does not know it."""
    from simgen.world.robot.card import load_card  # torch

    prefix = f"{ENV}articulations/"
    for facts in layout.env_states:
        if not facts.path.startswith(prefix):
            continue
        try:
            card = load_card(facts.name)
        except BadInput:
            continue
        if facts.shape == (13 + 2 * card.dof,):
            return card
    return None


def joints_of(layout: Layout) -> Joints | None:
    """Which columns of qpos are what: by the robot's card, else by the names of its joints; None without any."""
    qpos = layout.find(QPOS)
    if qpos is None or len(qpos.shape) != 1:
        return None
    columns = range(qpos.shape[0])
    card = card_of(layout)
    if card is not None and card.dof == len(columns):
        arm, hand = tuple(columns[card.arm]), tuple(columns[card.hand])
    elif qpos.names is not None:
        hand = tuple(i for i in columns if any(word in (qpos.names or ())[i].lower() for word in _HANDS))
        arm = tuple(i for i in columns if i not in hand)
    else:
        return Joints((), (), tuple(columns))
    return Joints(arm, hand, tuple(i for i in columns if i not in (*arm, *hand)))
