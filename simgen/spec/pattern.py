"""What a path or pattern in a task means on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path


def matches(pattern: str, folders: Iterable[Path]) -> Iterator[list[Path]]:
    """Yields what a pattern matches, folder by folder, sorted by name; nothing where it is no pattern.

    Args:
        pattern: Path, or a pattern with `*`, `?` or `[]`; an absolute one is looked for once.
        folders: Where relative ones are looked for.
    """
    path = Path(pattern)
    roots = [Path(path.anchor)] if path.is_absolute() else folders
    relative = str(path.relative_to(path.anchor)) if path.is_absolute() else pattern
    for root in roots:
        try:
            found = sorted(root.glob(relative))
        except (ValueError, NotImplementedError, OSError, IndexError):
            return
        yield found
