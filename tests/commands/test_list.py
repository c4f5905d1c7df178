"""`simgen list` names all that a task may use."""

from __future__ import annotations

import json

import pytest

from simgen.commands import list as listing
from simgen.spec.shape import PRIMITIVES, PROCEDURAL


def test_objects_with_moving_parts_are_listed_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert listing.main(["objects", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out.splitlines()[-1])["objects"]}
    assert set(rows) == {*PRIMITIVES, *PROCEDURAL}
    assert rows["cabinet"]["parameters"]["drawers"] == "0..6 [1]"
    assert rows["cabinet"]["parts"] == ["drawer_1 .. drawer_<drawers>", "door_1 .. door_<doors>"]
    assert rows["faucet"]["parts"] == ["lever"]
    assert rows["mug"]["parts"] == []
