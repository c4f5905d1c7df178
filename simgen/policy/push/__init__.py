"""The pushing teacher: pushes a flat block onto a target with the side of a tool that points down."""
