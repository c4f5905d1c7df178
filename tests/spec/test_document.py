"""Files that are no task, or that would harm the reader, end in one clear message."""

from __future__ import annotations

import time

import pytest

from simgen.errors import BadInput
from simgen.spec import load_task, parse_task
from simgen.spec.document import read_yaml


def message(text, registry, name="t.yaml", overrides=()):
    with pytest.raises(BadInput) as caught:
        parse_task(text, name, overrides, registry)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "t.yaml: is empty. Allowed: a task with name, robot and scene"),
        ("# nothing\n", "t.yaml: is empty. Allowed: a task with name, robot and scene"),
        ("just words", "t.yaml:1: must be a mapping of fields (name, robot, scene ...), not 'just words'"),
        ("- a\n- b\n", "t.yaml:1: must be a mapping of fields (name, robot, scene ...), not a list of 2"),
        ("a: 1\n---\nb: 2\n", "t.yaml:2: holds several documents. Allowed: one task per file"),
        ("a:\n\tb: 1\n", "t.yaml:2: a tab where YAML wants spaces. Allowed: indent with spaces"),
        ("a: [1, 2\n", "t.yaml:2: is not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: 'b\n", "t.yaml:2: is not valid YAML: found unexpected end of stream"),
        ("a: *b\n", "t.yaml:1: is not valid YAML: found undefined alias 'b'"),
        ("a: b: c\n", "t.yaml:1: is not valid YAML: mapping values are not allowed here"),
        ("a: \x00\n", "t.yaml: is not readable as text: unacceptable character #x0000: special characters are not "
                      "allowed. Allowed: printable UTF-8"),
    ],
)  # fmt: skip
def test_not_a_task(text, expected, registry):
    assert message(text, registry) == expected


def test_tags_are_refused_and_nothing_runs(tmp_path, good, registry):
    harmless = tmp_path / "made"
    text = good.replace("name: sort", f"name: !!python/object/apply:pathlib.Path.touch [{harmless}]")
    assert "YAML tags such as '!!python/object/apply:pathlib.Path.touch' are not allowed" in message(text, registry)
    assert not harmless.exists()
    assert "YAML tags such as '!secret'" in message(good.replace("name: sort", "name: !secret x"), registry)


def test_bombs_end_quickly(registry):
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    laughs += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    start = time.perf_counter()
    assert message(laughs, registry).startswith("t.yaml: holds more than 20000 values once its aliases")
    assert "nested deeper" in message("[" * 5000, registry)
    assert "nested deeper" in message("a: &a [*a]", registry)
    assert "nested deeper" in message("{a: " * 3000, registry)
    assert "holds more than" in message("\n".join(f"k{n}: 1" for n in range(60000)), registry)
    assert "larger than any task" in message("x" * 2_000_000, registry)
    assert time.perf_counter() - start < 20.0


def test_duplicate_keys_name_both_lines(good, registry):
    text = good.replace("success:", "name: again\nsuccess:")
    assert message(text, registry) == "t.yaml:1: name: is given twice, on lines 1 and 25"
    inner = good.replace("bowl: {}", "bowl: {}\n      bowl: {}")
    assert message(inner, registry) == "t.yaml:14: scene.objects.bowl.bowl: is given twice, on lines 14 and 15"


def test_merge_keys_are_refused_and_aliases_work(good, registry):
    assert "merge keys (<<) are not supported" in message(good + "render: {<<: {shadows: true}}\n", registry)
    text = good.replace("xy: {uniform", "xy: &place {uniform").replace("xy: [0, 0]", "xy: *place")
    task = parse_task(text, registry=registry)
    assert task.scene.objects["goal"].pose.xy == task.scene.objects["cube"].pose.xy


def test_bytes_that_are_not_utf8(tmp_path, registry):
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: a\ndescription: größer\n".encode("latin-1"))
    with pytest.raises(BadInput, match=r"^latin\.yaml:2: is not UTF-8 text\. Allowed: UTF-8$"):
        load_task(path, registry=registry)
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(BadInput, match=r"^latin\.yaml: is larger than any task"):
        load_task(path, registry=registry)


def test_a_byte_order_mark_does_no_harm(tmp_path, good, registry):
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + good.encode())
    assert load_task(path, registry=registry).name == "sort"


def test_scalars_follow_yaml_1_2():
    text = "{a: on, b: yes, c: true, d: 1e-3, e: 010, f: 0x10, g: ~, h: '1', i: 1_000, j: 2026-01-02, k: -.5, l: 12:30}"
    expected = {
        "a": "on", "b": "yes", "c": True, "d": 0.001, "e": 10, "f": 16, "g": None, "h": "1", "i": "1_000",
        "j": "2026-01-02", "k": -0.5, "l": "12:30",
    }  # fmt: skip
    assert read_yaml(text, "t").data == expected


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("episode.max_stepss=5", "--set episode.max_stepss: episode.max_stepss: unknown field 'max_stepss'. Allowed: "
                                 "max_steps, control_hz, sim_hz; did you mean 'max_steps'?"),
        ("episode.max_steps", "--set 'episode.max_steps': has no value. Allowed: path=value, e.g. "
                              "episode.max_steps=50"),
        ("episode.max_steps=-1", "--set episode.max_steps: episode.max_steps: -1 is out of range. Allowed: 1 to 100000 "
                                 "control steps"),
        ("name.x=1", "--set name.x: name is 'sort', so it has no 'x'. Allowed: name=value"),
        ("reward.7.weight=1", "--set reward.7.weight: reward is a list of 2, so '7' is not in it. Allowed: an index "
                              "from 0 to 1"),
        ("reward.weight=1", "--set reward.weight: reward is a list of 2, so 'weight' is not in it. Allowed: an index "
                            "from 0 to 1"),
        ("epsiode.max_steps=1", "--set epsiode.max_steps: epsiode: unknown field 'epsiode'. Allowed: name, "
                                "description, instruction, engine, robot, episode, scene, cameras, sensors, render, "
                                "physics, observe, reward, stages, success, failure, randomize, teacher; "
                                "did you mean 'episode'?"),
        ("name=[", "--set name:1: is not valid YAML: expected the node content, but found '<stream end>'"),
        ("name=!!python/name:os.system x", "--set name: YAML tags such as '!!python/name:os.system' are not allowed. "
                                           "Allowed: plain values"),
    ],
)  # fmt: skip
def test_wrong_overrides(good, registry, override, expected):
    assert message(good, registry, overrides=[override]) == expected
