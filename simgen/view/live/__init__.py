"""Views in the browser: recorded episodes in three dimensions, and live worlds that a person can drive."""

from simgen.view.live.server import Address
from simgen.view.live.session import WatchOptions
from simgen.view.live.view import view_dataset
from simgen.view.live.watch import Watched, watch_task

__all__ = ["Address", "WatchOptions", "Watched", "view_dataset", "watch_task"]
