"""Where a worker's episodes go: encoders stage them at the site, make shards there, and a thread publishes these."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from simgen.data.encoder import Done, EncoderSettings, SealTask, Staged, UnsealTask
from simgen.data.episode import Episode
from simgen.data.features import features_of, merge_features
from simgen.data.files import plain
from simgen.data.pool import EncoderPool, queue_of
from simgen.data.shard import ShardRange, read_record
from simgen.data.staging import remove_item, stage_discard
from simgen.data.target import Target
from simgen.generate.team.messages import Ended, Report

_MOST_UPLOADS = 2  # shards that wait for the network before the worker does


class TeamSink:
    """Takes what a phase has to write.

    Args:
        site: Where episodes are staged.
        settings: Of the encoders.
        processes: Encoders.
        held: Descriptors that they hold as long as they live.
        target: URL that shards are published to, if any.
    """

    def __init__(
        self, site: Path, settings: EncoderSettings, processes: int, held: tuple[int, ...], target: str | None
    ) -> None:
        self._site, self._target = site, target
        self._pool = EncoderPool(settings, processes, queue_of(processes), held)
        self._uploads = ThreadPoolExecutor(1) if target else None
        self._uploading: dict[ShardRange, Future[None]] = {}
        self._waiting: dict[tuple[str, int], bool] = {}  # success by phase and number
        self._sealing: set[ShardRange] = set()
        self._features: dict = {}
        self._news = Report()

    def write(self, episode: Episode) -> None:
        """Hands an episode over; waits only while the queue is full."""
        episode.validate()
        self._features = merge_features(self._features, features_of(episode.arrays, episode.length), episode.name)
        self.collect()
        while self._pool.full:
            self._pool.wait()
            self.collect()
        self._waiting[episode.phase, episode.index] = episode.success
        self._pool.submit_episode(episode)

    def discard(self, phase: str, index: int, seed: int, reason: str) -> None:
        """Notes an attempt that gave no episode."""
        values = {"phase": phase, "index": index, "seed": seed, "reason": reason}
        stage_discard(self._site, plain(values, "discarded attempt"))
        self._news.ended.append(Ended(phase, index, False, reason))

    def reopen(self, shard: ShardRange) -> None:
        """Takes a shard apart again, so that its range can get more episodes."""
        if self._target and not shard.record_path(self._site).exists():
            Target(self._target).fetch(self._site, shard)
        if shard.record_path(self._site).exists():
            self._pool.submit(UnsealTask(shard))
        else:  # a worker that died has done it
            self._news.reopened.append(shard)

    def seal(self, shard: ShardRange) -> None:
        """Makes a shard of what is staged."""
        if shard.record_path(self._site).exists():  # a worker that died has done it, but for the cleaning up
            self._clean_up(shard)
            self._sealed(shard)
            return
        self._sealing.add(shard)
        self._pool.submit(SealTask(shard))

    def _clean_up(self, shard: ShardRange) -> None:
        record = read_record(shard.record_path(self._site))
        for entry in [*record["episodes"], *record["shard"]["discarded"]]:
            remove_item(self._site, shard.phase, entry["index"])

    def _sealed(self, shard: ShardRange) -> None:
        if self._uploads is None:
            self._news.sealed.append(shard)
            return
        while len(self._uploading) >= _MOST_UPLOADS:
            self._take_uploads(wait=True)
        self._uploading[shard] = self._uploads.submit(self._publish, shard)

    def _publish(self, shard: ShardRange) -> None:
        assert self._target is not None
        Target(self._target).publish(self._site, shard)

    def _take_uploads(self, wait: bool = False) -> None:
        for shard, future in list(self._uploading.items()):
            if wait or future.done():
                future.result()
                del self._uploading[shard]
                self._news.sealed.append(shard)

    def collect(self) -> None:
        """Takes in what encoders and uploads have finished, without waiting."""
        for reply in self._pool.replies():
            if isinstance(reply, Staged):
                success = self._waiting.pop((reply.phase, reply.index))
                self._news.ended.append(Ended(reply.phase, reply.index, success))
            elif isinstance(reply, Done) and reply.shard in self._sealing:
                self._sealing.remove(reply.shard)
                self._sealed(reply.shard)
            else:
                self._news.reopened.append(reply.shard)
        self._take_uploads()

    def flush(self) -> None:
        """Waits until everything that was handed over is safe."""
        while self._pool.outstanding:
            self._pool.wait()
            self.collect()
        self._take_uploads(wait=True)

    def news(self) -> Report:
        """Returns what has become safe since the last call."""
        news, self._news = self._news, Report()
        return news

    def close(self) -> None:
        """Ends the encoders and the uploads, without finishing what they do."""
        self._pool.kill()
        if self._uploads is not None:
            self._uploads.shutdown(wait=False, cancel_futures=True)
