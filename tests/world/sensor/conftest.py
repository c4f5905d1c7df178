"""Makes the helpers of this folder importable by its tests, and the images that they spoil."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from clean_images import SIZE


@pytest.fixture
def room() -> torch.Tensor:
    """Depth of a box before a slanted floor, a wall, and nothing above."""
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    depth = torch.where(rows > 40, 4000 - 35 * (rows - 40), 4000)
    depth = torch.where((rows > 30) & (rows < 70) & (columns > 40) & (columns < 60), 900, depth)
    return torch.where(rows < 8, 0, depth).to(torch.int16)[None, ..., None]


@pytest.fixture
def picture() -> torch.Tensor:
    """A colour image with all values of a channel, gradients and edges."""
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    channels = [(rows * SIZE + columns) % 256, columns * 2, torch.where((rows // 12 + columns // 12) % 2 == 0, 40, 210)]
    return torch.stack(channels, -1).to(torch.uint8)[None]
