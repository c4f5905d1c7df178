"""A spec and a seed become an engine-neutral scene: bodies, shapes, cameras, lights."""
