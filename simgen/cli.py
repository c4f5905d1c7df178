"""The `simgen` command: finds sub-commands by entry point and imports only the one that is called.

A sub-command is an entry point of the group `simgen.commands`: a function `main(argv: list[str]) -> int` that
returns the exit status. Its line in `simgen --help` is the first line of its module's docstring, read without
importing the module.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from simgen import __version__
from simgen.errors import BadInput, SimgenError, nearest

GROUP = "simgen.commands"
_USAGE = "usage: simgen [--help] [--version] COMMAND ..."


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one sub-command.

    Args:
        argv: arguments after the program's name; the process's own if None.

    Returns:
        0 if it worked, 1 if the work failed or a check said no, 2 for bad input, 130 after Ctrl-C.

    Raises:
        SystemExit: With 143, after SIGTERM in the middle of long work.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        _write(_help_text())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        _write(f"simgen {__version__}")
        return 0
    return _run_guarded(arguments)


def commands() -> dict[str, EntryPoint]:
    """Returns the installed sub-commands by name, in the order in which they are listed."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    return dict(sorted(found.items()))


def summary(entry: EntryPoint) -> str:
    """Returns the first line of the docstring of a sub-command's module, without importing the module."""
    try:
        spec = importlib.util.find_spec(entry.module)
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        text = ast.get_docstring(ast.parse(source)) or ""
    except (ImportError, OSError, SyntaxError, ValueError):
        return "(cannot be read)"
    return text.partition("\n")[0]


def _run_guarded(arguments: list[str]) -> int:
    """Runs a sub-command and turns every expected failure into a short message and an exit status."""
    try:
        status = _load(arguments[0])(arguments[1:])
        sys.stdout.flush()
        return status
    except SimgenError as error:
        return _report(error, as_json="--json" in arguments)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _load(name: str) -> Callable[[list[str]], int]:
    known = commands()
    if name not in known:
        what = "option" if name.startswith("-") else "command"
        raise BadInput(f"unknown {what} {name!r}{nearest(name, known)}\nCommands: {', '.join(known)}.")
    return known[name].load()


def _report(error: SimgenError, as_json: bool) -> int:
    """Writes an error for a person on stderr and, if asked for, for a script as the last line of stdout."""
    sys.stderr.write(f"error: {error}\n")
    if as_json:
        _write(json.dumps({"error": str(error)}))
    return error.exit_code


def _help_text() -> str:
    known = commands()
    width = max((len(name) for name in known), default=0)
    rows = [f"  {name:<{width}}  {summary(entry)}" for name, entry in known.items()]
    closing = "`simgen COMMAND --help` explains one of them; with --json its last line is one JSON object."
    return "\n".join(
        [_USAGE, "", "From a YAML task to parallel worlds, robot data and models.", "", *rows, "", closing]
    )


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
