"""Time in a recorded episode: which moment is shown, at which speed it goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Playback:
    """A clock over the moments of an episode.

    Args:
        count: Moments, at least 1.
        seconds: Between two of them [s].
        speed: 1 is real time.
        playing: Whether it goes on.
    """

    count: int = 1
    seconds: float = 0.05
    speed: float = 1.0
    playing: bool = False
    _moment: float = 0.0
    _since: float = field(default_factory=time.monotonic)

    @property
    def moment(self) -> int:
        """Index of the moment that is shown."""
        return min(int(self._moment), self.count - 1)

    def begin(self, count: int, seconds: float) -> None:
        """Takes up another episode at its start."""
        self.count, self.seconds = max(1, count), seconds
        self.jump(0)

    def jump(self, moment: int) -> None:
        """Goes to a moment."""
        self._moment = float(min(max(moment, 0), self.count - 1))
        self._since = time.monotonic()

    def play(self, playing: bool) -> None:
        """Goes on or stops; from the end it starts again."""
        if playing and self.moment == self.count - 1:
            self.jump(0)
        self.playing, self._since = playing, time.monotonic()

    def tick(self) -> None:
        """Moves on by the time that has passed; at the end it begins again."""
        now = time.monotonic()
        passed, self._since = now - self._since, now
        if not self.playing or self.count < 2:
            return
        self._moment += min(passed, 0.5) * self.speed / self.seconds
        if self._moment >= self.count + 0.5 / self.seconds:  # half a second at the end, to see it
            self._moment = 0.0
