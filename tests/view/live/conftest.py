"""Makes the helpers of this folder importable, and gives the tests a server without a browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import viser

sys.path.insert(0, str(Path(__file__).parent))

from simgen.view.live.server import Address, served


@pytest.fixture
def server() -> Iterator[viser.ViserServer]:
    with served(Address(port=0), "test") as (server, _):
        yield server
