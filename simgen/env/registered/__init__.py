"""ManiSkill's own environments by id, each world in a process of a pool."""
