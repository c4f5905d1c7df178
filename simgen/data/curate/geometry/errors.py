"""What filters that need shapes must expect."""

from __future__ import annotations


class NoGeometry(Exception):
    """Why the shapes of an episode are not known."""
