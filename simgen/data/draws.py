"""What was drawn for each episode, sorted into words and numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from simgen.data.episode_view import EpisodeView

_PARTS = {2: "xy", 3: "xyz"}


def draws(episodes: Sequence[EpisodeView]) -> tuple[dict[str, Counter[str]], dict[str, np.ndarray]]:
    """Collects the randomisation of episodes and the kinds of their objects.

    Returns:
        words: name -> how often each word was drawn.
        values: name -> the numbers; vectors of two or three give a name per part.
    """
    words: defaultdict[str, Counter[str]] = defaultdict(Counter)
    values: defaultdict[str, list[float]] = defaultdict(list)
    for episode in episodes:
        for name, kind in _kinds(episode).items():
            words[f"{name} kind"][kind] += 1
        for name, drawn in episode.randomisation.items():
            parts = [drawn] if not isinstance(drawn, list) else drawn
            if isinstance(drawn, str | bool):
                words[name][str(drawn)] += 1
            elif all(isinstance(part, int | float) for part in parts):
                for part, value in zip(_names(name, len(parts)), parts, strict=False):
                    values[part].append(float(value))
    return dict(words), {name: np.array(drawn) for name, drawn in values.items()}


def _kinds(episode: EpisodeView) -> dict[str, str]:
    """Actor -> its semantic class."""
    classes = {str(entry.get("name")): str(entry.get("class", "")) for entry in episode.segmentation_ids.values()}
    actors = [path.split("/")[2] for path in episode.arrays if path.startswith("env_states/actors/")]
    return {name: classes[name] for name in actors if classes.get(name)}


def _names(name: str, parts: int) -> list[str]:
    if parts == 1:
        return [name]
    return [f"{name} {letter}" for letter in _PARTS.get(parts, "")]
