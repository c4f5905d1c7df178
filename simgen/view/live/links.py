"""Where a robot's links were; what exports share with the views lives beside the robots."""

from simgen.world.robot.links import Links, Poses, links_of, tool_poses

__all__ = ["Links", "Poses", "links_of", "tool_poses"]
