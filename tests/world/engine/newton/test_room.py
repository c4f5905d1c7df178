"""Room for contacts grows when it is needed: the step that lacked it is done again, and nothing shows of it."""

from __future__ import annotations

import pytest
import torch
from small_tasks import Bench, floating, task_of

from simgen.world.engine.newton import physics
from simgen.world.engine.newton.capacity import Room

# they fall one after the other, so that what is needed grows while the worlds run
FALLING = {f"cube_{level}": floating({"box": [0.04, 0.04, 0.04]}, 0.03 + 0.06 * level) for level in range(4)}


def run(monkeypatch: pytest.MonkeyPatch, first: Room) -> tuple[torch.Tensor, list[Room]]:
    """Returns states and contact forces of each step, and the rooms that there were."""
    monkeypatch.setattr(physics, "usual_room", lambda limit: first.within(limit))
    bench = Bench(task_of(FALLING), 2)
    bench.reset([0, 1])
    engine, rows, rooms = bench.engine, [], []
    for _ in range(12):
        engine.step()
        state = engine.state()
        rows.append(torch.cat([state.qpos, state.body_position.flatten(1), engine.contacts("cube_0", "table")], -1))
        assert engine.problems() == {}
        room = engine._physics._buffers.room
        if room not in rooms:
            rooms.append(room)
    return torch.stack(rows), rooms


def test_a_step_that_lacks_room_is_done_again_with_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        enough, (most,) = run(patch, Room(10**6, 10**6))
    with monkeypatch.context() as patch:
        grown, rooms = run(patch, Room(2, 48))
    assert len(rooms) > 1, "the test is to see the room grow while the worlds run"
    assert all(room.contacts <= most.contacts and room.rows <= most.rows for room in rooms)
    assert rooms[-1] != most, "it takes what is needed, not all that could be"
    assert torch.equal(enough, grown)
    assert enough[-1, :, -1].gt(0.0).all(), "the table carries the lowest cube"


def test_a_full_list_of_contacts_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one world the list is as long as the world's own room, and what finds no place in it is not counted."""
    bench = Bench(task_of(FALLING, physics={"contacts_per_world": 6}), 1)
    bench.reset([0])
    reported = set()
    for _ in range(12):
        bench.engine.step()
        reported |= set(bench.engine.problems().values())
    assert reported == {"more contacts than there is room for; raise physics.contacts_per_world (now 6)"}
