"""The entry point of LeRobot datasets; it loads pyarrow only when one is opened."""

from __future__ import annotations

from pathlib import Path

from simgen.data.import_.base import ImportOptions, Progress, Source, silent
from simgen.data.import_.lerobot.info import INFO
from simgen.errors import BadInput


class LeRobot:
    """LeRobot 2.0, 2.1 and 3.0."""

    name = "lerobot"
    looks_for = f"a folder with {INFO}"

    def recognise(self, path: Path) -> bool:
        return (path / INFO).is_file() or ((path / "meta").is_dir() and (path / "data").is_dir())

    def open(self, path: Path, options: ImportOptions, progress: Progress = silent) -> Source:
        if not path.is_dir():
            raise BadInput(f"{path}: is no folder; a LeRobot dataset is a folder with {INFO}.")
        from simgen.data.import_.lerobot.source import LeRobotSource

        return LeRobotSource(path, options)
