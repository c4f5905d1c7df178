"""Which episodes of a source are wanted: "3", "0:10", ":100", "5:", several with commas."""

from __future__ import annotations

import re

from simgen.errors import BadInput

_PART = re.compile(r"(\d*)(:?)(\d*)")


def selected(text: str | None, count: int) -> list[int]:
    """Returns the numbers of the wanted episodes, rising.

    Args:
        text: as the user wrote it; None: all.
        count: how many episodes there are.

    Raises:
        BadInput: if it cannot be read, or nothing of it is there.
    """
    if text is None:
        return list(range(count))
    wanted: set[int] = set()
    for part in text.replace(" ", "").split(","):
        wanted |= set(_numbers(part, text, count))
    if not wanted:
        raise BadInput(f"--episodes {text}: selects nothing; the source has the episodes 0 to {count - 1}.")
    return sorted(wanted)


def _numbers(part: str, text: str, count: int) -> range:
    match = _PART.fullmatch(part)
    if match is None or not part or len(part) > 32:
        raise BadInput(f"--episodes {text}: cannot be read. Allowed: 3, 0:10 (10 is not among them), :100, 5:, 1,4,7.")
    first, colon, stop = match.groups()
    if not colon:
        if int(first) >= count:
            raise BadInput(f"--episodes {text}: there is no episode {first}; the source has 0 to {count - 1}.")
        return range(int(first), int(first) + 1)
    return range(int(first or 0), min(count, int(stop or count)))
