"""tasks/README.md: it names every task, and its pictures are there."""

from __future__ import annotations

import re

from simgen.paths import tasks_dir

README = (tasks_dir() / "README.md").read_text(encoding="utf-8")


def test_every_task_and_mixture_is_named() -> None:
    named = set(re.findall(r"[a-z0-9]+(?:_[a-z0-9]+)*", README))
    files = [path for path in tasks_dir().rglob("*.yaml") if path.parent.name != "registered"]
    assert files
    assert [path.stem for path in files if path.stem not in named] == []


def test_every_folder_of_tasks_has_a_picture() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert [link for link in pictures if not (tasks_dir() / link).is_file()] == []
    folders = {path.name for path in tasks_dir().iterdir() if path.is_dir()} - {"registered", "mixtures"}
    assert {f"tasks_{folder}" for folder in folders} <= {
        link.rpartition("/")[2].removesuffix(".png") for link in pictures
    }
