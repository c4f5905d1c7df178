"""Brings rows of tensors to the host: as views on a CPU; from a GPU by copies that it makes while it computes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import numpy as np
import torch

from simgen.world import host

Rows = dict[str, np.ndarray]
Memory = dict[str, torch.Tensor]
SLOTS = 2  # one is filled while the other is read


class Arrival:
    """Copies on their way to the host, behind what the device was told before; `rows` waits for them.

    Args:
        tensors: What is copied, by name.
        memory: Where to, by name; what is missing is added, pinned where a GPU is to write into it.
    """

    def __init__(self, tensors: Mapping[str, torch.Tensor], memory: Memory | None = None) -> None:
        memory = {} if memory is None else memory
        self._rows: Memory = {}
        for name, tensor in tensors.items():
            if name not in memory:
                memory[name] = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu", pin_memory=tensor.is_cuda)
            self._rows[name] = memory[name].copy_(tensor, non_blocking=True)
        self._arrived: torch.cuda.Event | None = None
        device = next((tensor.device for tensor in tensors.values() if tensor.is_cuda), None)
        if device is not None:
            self._arrived = torch.cuda.Event()
            self._arrived.record(torch.cuda.current_stream(device))  # not that of the current device

    def rows(self) -> Rows:
        """Returns views of the memory once everything is there."""
        if self._arrived is not None:
            self._arrived.synchronize()
        return {name: row.numpy() for name, row in self._rows.items()}


class Downloads:
    """Hands rows to who uses them on the host, in the order in which they came.

    On a CPU that is done at once, with views. From a GPU the rows are copied on a stream of their own while the next
    step is computed, and are used when their memory is needed again, or at `flush`.

    Args:
        device: Where the worlds are; single rows may be on the CPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._late = host.waits_for(device)
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._free: list[Memory] = [{} for _ in range(SLOTS)]
        self._under_way: deque[tuple[Arrival, Memory, Callable[[Rows], None]]] = deque()

    def put(self, rows: Mapping[str, torch.Tensor], use: Callable[[Rows], None]) -> None:
        """Takes rows over as they are now.

        Args:
            rows: By name; a name always has the same shape.
            use: Is given their arrays, which are valid until it returns.
        """
        if not self._late:
            use({name: row.detach().numpy() for name, row in rows.items()})
            return
        if not self._free:
            self._land()
        memory = self._free.pop()
        self._under_way.append((self._sent(rows, memory), memory, use))

    def flush(self) -> None:
        """Waits until all rows have been used."""
        while self._under_way:
            self._land()

    def _sent(self, rows: Mapping[str, torch.Tensor], memory: Memory) -> Arrival:
        if self._stream is None:
            return Arrival(rows, memory)
        # Copied on the device first, in the stream that computes: the next step overwrites what it can.
        kept = {name: row.detach().clone() for name, row in rows.items()}
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        with torch.cuda.stream(self._stream):
            arrival = Arrival(kept, memory)
        for row in kept.values():
            if row.is_cuda:
                row.record_stream(self._stream)  # its memory is not given away before the copy is done
        return arrival

    def _land(self) -> None:
        arrival, memory, use = self._under_way.popleft()
        use(arrival.rows())
        self._free.append(memory)
