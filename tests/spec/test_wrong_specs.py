"""Each wrong task gives one clear message; wrong_specs.yaml is the table of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from simgen.errors import BadInput
from simgen.spec import load_task, parse_task

CASES = yaml.safe_load((Path(__file__).parent / "wrong_specs.yaml").read_text(encoding="utf-8"))


def message(text, registry):
    with pytest.raises(BadInput) as caught:
        parse_task(text, "t.yaml", registry=registry)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_the_message(case, good, registry):
    assert case["replace"] in good
    expected = case["message"] if isinstance(case["message"], list) else [case["message"]]
    assert message(good.replace(case["replace"], case["by"], 1), registry).splitlines() == expected


def test_the_task_that_the_cases_change_is_right(good, registry):
    assert parse_task(good, registry=registry).name == "sort"


def test_all_problems_are_told_at_once_in_the_order_of_the_file(good, registry):
    text = good.replace("max_steps", "max_step").replace("fov_deg: 60", "fov_deg: 0").replace("reach", "reech")
    text = text.replace("cube.friction", "cube.fricton").replace("seed: 3", "seed: 3, seed: 4")
    lines = message(text, registry).splitlines()
    places = ["episode.max_step", "scene.objects.cube.choose.1.mug.seed", "cameras.base.fov_deg", "reward.0.reech",
              "randomize.cube.fricton"]  # fmt: skip
    assert [line.split(": ")[1] for line in lines] == places
    assert [int(line.split(":")[1]) for line in lines] == [4, 9, 20, 23, 27]


def test_faults_in_one_part_do_not_make_others_look_wrong(good, registry):
    for part in ("cameras:\n  base: {eye", "success: {all", "mass: {log_uniform", "robot: {use"):
        assert part in good
        text = good.replace(part, part.replace("eye", "eie").replace("all", "every").replace("mass", "mas"))
        text = text.replace("robot: {use", "robot: {user") if part.startswith("robot") else text
        named = {line.split(": ")[1].split(".")[0] for line in message(text, registry).splitlines()}
        assert len(named) == 1, named


def test_no_more_than_twenty_lines(good, registry):
    wrong = "\n".join(f"  - {{reech{index}: {{}}}}" for index in range(50))
    lines = message(good.replace("reward:", f"reward:\n{wrong}"), registry).splitlines()
    assert len(lines) == 20
    assert lines[-1] == "... and 31 more problems"


def test_messages_are_one_line_whatever_the_user_wrote(good, registry):
    text = message(good.replace("use: panda", 'use: "pan\\nda\\u202e\\x1b[31m"'), registry)
    assert len(text.splitlines()) == 1
    assert text.isprintable()


def test_objects_that_must_differ(good, registry):
    same = "      different_from: cube\n      pose: {beside: cube"
    text = good.replace("      pose: {beside: cube", same).replace("bowl: {}", "choose: [{bowl: {}}, {mug: {seed: 3}}]")
    assert parse_task(text, registry=registry).scene.objects["bowl"].different_from == ("cube",)
    too_few = text.replace("choose: [{bowl: {}}, {mug: {seed: 3}}]", "mug: {seed: 3}")
    expected = "bowl cannot always differ from cube. Allowed: at least 2 shapes to choose from"
    assert expected in message(too_few, registry)
    circle = text.replace("mass: {log", "different_from: bowl\n      mass: {log")
    assert "must differ from objects that must differ from it in turn" in message(circle, registry)
    unknown = text.replace("different_from: cube", "different_from: cub")
    assert "unknown object 'cub'. Allowed: cube, goal; did you mean 'cube'?" in message(unknown, registry)


def test_the_file_is_named_by_its_name_alone(task_file, good, registry):
    task_file.write_text(good.replace("fov_deg: 60", "fov_deg: 600"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"^sort\.yaml:20: cameras\.base\.fov_deg: 600 is out of range"):
        load_task(task_file, registry=registry)
