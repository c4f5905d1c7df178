"""Curation after Cosmos Curator: filters judge every episode, and a new dataset has those that pass all of them.

A filter measures something of an episode and compares it with a threshold that a YAML file can change. Nothing here
simulates; physics is judged by the recorded states and the shapes of the episode's scene.
"""

from __future__ import annotations

from simgen.data.curate.config import CurateConfig, config_text, load_config
from simgen.data.curate.run import Curation, curate_dataset

__all__ = ["Curation", "CurateConfig", "config_text", "curate_dataset", "load_config"]
