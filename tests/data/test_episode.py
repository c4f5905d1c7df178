"""The hash identifies content, and what comes back is what was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from synthetic_episodes import make_episode

from simgen.data.codec import CODECS, chunk_shape
from simgen.data.encoder import Slots, put_episode, take_episode
from simgen.data.episode import Episode, content_hash, has_hash
from simgen.data.files import STAGING
from simgen.data.pool import _anonymous_file
from simgen.data.shard import ShardRange, seal_shard, unseal_shard
from simgen.data.staging import item_is_sound, stage_episode, staged_items
from simgen.errors import SimgenError

DTYPES = st.sampled_from(["u1", "i1", "<i2", ">i2", "<u4", "<i8", "<f2", "<f4", ">f4", "<f8", "?"])


@st.composite
def episodes(draw: st.DrawFn) -> Episode:
    """Any well-formed episode: odd types, empty axes, one step."""
    length = draw(st.integers(1, 40))
    arrays = {"actions": draw(hnp.arrays(np.float32, (length, draw(st.integers(0, 9)))))}
    names = st.sampled_from(["obs/a", "obs/sensor_data/x/rgb", "env_states/actors/ball", "labels/clean", "rewards"])
    for name in draw(st.sets(names)):
        rows = length if name == "rewards" else length + 1
        shape = (rows, *draw(st.lists(st.integers(0, 9), max_size=3)))
        fill = st.nothing() if draw(st.booleans()) else None
        arrays[name] = draw(hnp.arrays(np.dtype(draw(DTYPES)), shape, fill=fill if rows < 5 else None))
    json_like = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    )
    return Episode(
        index=draw(st.integers(0, 10**9)),
        seed=draw(st.integers(0, 2**128)),
        phase=draw(st.sampled_from(["random", "teacher"])),
        task=draw(st.text()),
        instruction=draw(st.text()),
        success=draw(st.booleans()),
        reward_sum=draw(st.floats(allow_nan=False, allow_infinity=False)),
        length=length,
        arrays=arrays,
        randomisation=draw(st.dictionaries(st.text(), json_like, max_size=3)),
        segmentation_ids=draw(st.dictionaries(st.integers(0, 99), st.just({"name": "x"}), max_size=3)),
    )


def assert_same(left: Episode, right: Episode) -> None:
    assert left.metadata() == right.metadata()
    assert left.arrays.keys() == right.arrays.keys()
    for path, array in left.arrays.items():
        assert array.shape == right.arrays[path].shape
        assert array.dtype.newbyteorder("=") == right.arrays[path].dtype.newbyteorder("=")
        np.testing.assert_array_equal(array, right.arrays[path])
    assert content_hash(left) == content_hash(right)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(episode=episodes(), codec=st.sampled_from(CODECS))
def test_any_episode_survives_transfer_shard_and_unsealing(
    tmp_path_factory: pytest.TempPathFactory, episode: Episode, codec: str
) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / STAGING).mkdir()
    (root / "shards").mkdir()
    episode.validate()
    slots = Slots([_anonymous_file()])
    assert_same(episode, take_episode(slots, put_episode(slots, 0, episode)))
    stage_episode(root, episode, codec, None)
    assert item_is_sound(root, episode.phase, episode.index)
    record = seal_shard(root, ShardRange(0, episode.phase, episode.index, episode.index + 1), {})
    assert staged_items(root) == []
    assert record["episodes"][0]["sha256"] == content_hash(episode)
    unseal_shard(root, record, codec)
    assert item_is_sound(root, episode.phase, episode.index)
    assert list((root / "shards").iterdir()) == []


@pytest.mark.parametrize("change", ["seed", "phase", "task", "instruction", "success", "randomisation"])
def test_hash_depends_on_identity(change: str) -> None:
    other = {"seed": 5, "phase": "teacher", "task": "x", "instruction": "x", "success": True, "randomisation": {"a": 1}}
    changed = make_episode(0)
    setattr(changed, change, other[change])
    assert content_hash(changed) != content_hash(make_episode(0))


def test_hash_depends_on_every_array_but_not_on_memory_layout() -> None:
    episode = make_episode(0)
    reference = content_hash(episode)
    episode.arrays = {path: np.asfortranarray(episode.arrays[path]) for path in reversed(episode.arrays)}
    episode.arrays["rewards"] = episode.arrays["rewards"].astype(">f4")
    assert content_hash(episode) == reference
    for path, array in episode.arrays.items():
        changed = array.copy()
        changed.view(np.uint8).reshape(-1)[-1] ^= 1
        assert content_hash(make_changed(episode, path, changed)) != reference, path


def test_hashes_of_recorded_datasets_stay_known() -> None:
    episode = make_episode(0)
    first = "6e99992d6501f5e3cfcc925600fd42354d881b2eb271a22280b9a097d5721d11"  # before BLAKE3 digested the arrays
    second = "71a50b52cc3709e01142144d983cd7efbd7c03f7f53d7da644274acf22d54fc8"
    assert content_hash(episode) == second
    assert has_hash(episode, first)
    assert has_hash(episode, second)
    episode.arrays["rewards"] = episode.arrays["rewards"] + 1
    assert not has_hash(episode, first)
    assert not has_hash(episode, second)


def make_changed(episode: Episode, path: str, array: np.ndarray) -> Episode:
    values = {**vars(episode), "arrays": {**episode.arrays, path: array}}
    return Episode(**values)


@pytest.mark.parametrize(
    ("path", "array", "message"),
    [
        ("obs/agent/qpos", np.zeros((6, 9)), "has 6 rows instead of 7"),
        ("rewards", np.zeros(7), "has 7 rows instead of 6"),
        ("actions/x", np.zeros(6), "lies below another array"),
        ("obs//x", np.zeros(7), "is no path"),
        ("../x", np.zeros(7), "is no path"),
        ("obs/name", np.array(["a"] * 7), "must be a numeric NumPy array"),
        ("obs/list", [1, 2], "must be a numeric NumPy array"),
    ],
)
def test_malformed_arrays_are_named(path: str, array: np.ndarray, message: str) -> None:
    episode = make_episode(0)
    episode.arrays[path] = array
    with pytest.raises(SimgenError, match=message) as caught:
        episode.validate()
    assert "random episode 0" in str(caught.value)


def test_metadata_that_json_cannot_hold_is_named() -> None:
    episode = make_episode(0)
    episode.randomisation = {"mass": [1.0, float("nan")]}
    with pytest.raises(SimgenError, match=r"randomisation\.mass: nan is not a finite number"):
        episode.metadata()


def test_chunks_hold_at_most_16_frames_of_about_equal_number() -> None:
    assert chunk_shape((51, 128, 128, 3), 1) == (13, 128, 128, 3)
    assert chunk_shape((16, 8, 8, 1), 2) == (16, 8, 8, 1)
    assert chunk_shape((101, 2048, 2048, 3), 1)[0] == 1
    assert chunk_shape((5000, 31), 4) == (5000, 31)


def test_shards_do_not_depend_on_when_they_were_made(tmp_path: Path) -> None:
    images = []
    for name, order in (("a", range(4)), ("b", (3, 1, 0, 2))):
        root = tmp_path / name
        (root / STAGING).mkdir(parents=True)
        (root / "shards").mkdir()
        for index in order:
            stage_episode(root, make_episode(index), "blosc2", None)
        seal_shard(root, ShardRange(0, "random", 0, 4), {})
        images.append((root / "shards" / "shard-000000.h5").read_bytes())
    assert images[0] == images[1]
