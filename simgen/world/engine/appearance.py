"""What the engines' renderers agree on, so that one scene looks alike in all of them."""

from __future__ import annotations

import numpy as np

METRES_PER_REPEAT = {"table": 0.6, "ground": 2.0}  # objects say theirs themselves
OBJECT_GLOSS, LINK_GLOSS = 0.25, 0.6
# The sky is a little darker towards the horizon than above.
HORIZON = 0.82
SHOULDER = 0.75  # up to here tones are kept; brighter ones are compressed instead of cut off


def tone(linear: np.ndarray) -> np.ndarray:
    """Light as a camera records it: linear up to the shoulder, then ever flatter, below 1 always."""
    rest = 1.0 - SHOULDER
    return np.where(linear <= SHOULDER, linear, SHOULDER + rest * (1 - np.exp(-(linear - SHOULDER) / rest)))
