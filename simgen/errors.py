"""What can go wrong: every error of simgen's own, and the hint that names the nearest allowed word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SimgenError(Exception):
    """Work that failed for a reason the user can act on; the command line exits with 1."""

    exit_code = 1


class BadInput(SimgenError):
    """Input that cannot be used as it stands: what, where, what is allowed; the command line exits with 2."""

    exit_code = 2


def nearest(name: object, allowed: Iterable[str]) -> str:
    """Returns "; did you mean 'x'?" for the allowed word that is closest to `name`, or "" if none is close."""
    matches = difflib.get_close_matches(str(name).lower(), {word.lower(): word for word in allowed}, n=1, cutoff=0.6)
    by_lower_case = {word.lower(): word for word in allowed}
    return f"; did you mean {by_lower_case[matches[0]]!r}?" if matches else ""


def unknown(what: str, name: object, allowed: Iterable[str], where: str = "") -> BadInput:
    """Builds the error for a name that does not exist: what it was, where it stood, the nearest, what is available."""
    names = sorted(allowed)
    prefix = f"{where}: " if where else ""
    hint = nearest(name, names) or "."
    return BadInput(f"{prefix}unknown {what} {str(name)!r}{hint} Available: {', '.join(names) or 'none'}.")
