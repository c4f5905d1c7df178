"""What a world of the engine is made from; picklable, and free of SAPIEN."""

from __future__ import annotations

from dataclasses import dataclass

from simgen.world.robot.card import load_card
from simgen.world.robot.urdf import depth_first, read_urdf
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout


@dataclass(frozen=True, eq=False)
class BatchConfig:
    """What all worlds share.

    Args:
        layout: Robot, slots, cameras, table and ground.
        substeps: Solver steps per control step.
        control_dt: Length of a control step [s].
    """

    layout: Layout
    substeps: int
    control_dt: float

    @property
    def link_names(self) -> tuple[str, ...]:
        """The robot's links in the order of all engines: each branch to its end before the next."""
        return depth_first(read_urdf(load_card(self.layout.robot)))

    @property
    def num_joints(self) -> int:
        """Driven joints of the robot."""
        return load_card(self.layout.robot).dof

    @property
    def row_names(self) -> tuple[str, ...]:
        """What contacts and wrenches are told of: the links, then the bodies that are solid."""
        solid = tuple(slot.name for slot in self.layout.bodies if slot.motion != "marker")
        return self.link_names + solid


@dataclass(frozen=True, eq=False)
class Start:
    """What a world needs for its next episode.

    Args:
        scene: The episode's.
        rendering: Whether pictures will be asked for.
        watching: Whether contacts will be asked for after every step.
    """

    scene: Scene
    rendering: bool
    watching: bool
