"""Recorded states drawn again with other cameras, light, colours, textures, sizes and outputs; nothing is simulated."""

from simgen.data.rerender.changes import LookChanges, read_cameras, read_randomize
from simgen.data.rerender.run import Rendered, RenderOptions, render_dataset

__all__ = ["LookChanges", "RenderOptions", "Rendered", "read_cameras", "read_randomize", "render_dataset"]
