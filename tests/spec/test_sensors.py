"""Sensors in a task: presets, defaults, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from simgen.errors import BadInput
from simgen.spec import json_schema, load_task, parse_task, resolved, task_hash
from simgen.spec.sensor_input import sensors_from
from simgen.spec.sensor_presets import PRESETS
from simgen.spec.sensors import SensorSpec, StereoSpec, TofSpec

PLACE = "observe: {policy"
CAMERAS = {"base": ("rgb", "depth"), "hand": ("rgb",)}


def with_sensors(good: str, text: str) -> str:
    return good.replace(PLACE, f"sensors: {text}\n{PLACE}", 1)


def test_a_task_without_sensors_is_what_it_was(good, registry) -> None:
    task = parse_task(good, registry=registry)
    assert "sensors" not in resolved(task)
    sensed = parse_task(with_sensors(good, "{base: {rgb: {noise: 0.1}}}"), registry=registry)
    assert task_hash(sensed) != task_hash(task)
    assert resolved(sensed).keys() - resolved(task).keys() == {"sensors"}


def test_the_resolved_form_reads_back_equal(good, registry) -> None:
    text = "{base: {preset: kinect_v2, rgb: {exposure: {uniform: [0.8, 1.2]}}, latency_steps: {choose: [1, 2]}}}"
    task = parse_task(with_sensors(good, text), registry=registry)
    assert load_task(resolved(task), registry=registry) == task


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_by_name_and_with_changes(good, registry, name: str) -> None:
    named = parse_task(with_sensors(good, f"{{base: {name}}}"), registry=registry).sensors
    text = f"{{base: {{preset: {name}, depth: {{max_m: 3}}, drop: 0.1}}}}"
    changed = parse_task(with_sensors(good, text), registry=registry).sensors
    assert named is not None
    assert changed is not None
    before, after = named["base"].depth, changed["base"].depth
    assert before is not None
    assert after == before.model_copy(update={"max_m": 3.0})
    assert changed["base"].drop == 0.1


def test_another_model_replaces_that_of_the_preset() -> None:
    sensor = SensorSpec.model_validate({"preset": "realsense_d435", "depth": {"model": "tof"}})
    assert sensor.depth == TofSpec(model="tof")
    assert isinstance(SensorSpec.model_validate({"depth": {}}).depth, StereoSpec)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{bse: kinect_v2}",
         ".bse: unknown camera 'bse'. Allowed: base; did you mean 'base'?"),
        ("{base: kinect_v3}",
         ".base: unknown preset 'kinect_v3'. Allowed: realsense_d435, kinect_v1, kinect_v2; did you mean 'kinect_v2'?"),
        ("{base: {depth: {model: sterio}}}",
         ".base.depth.model: unknown model of depth 'sterio'. Allowed: stereo, tof; did you mean 'stereo'?"),
        ("{base: {depth: {baseline_m: 50}}}",
         ".base.depth.baseline_m: 50 is out of range. Allowed: above 0 to 1 m"),
        ("{base: {depth: {min_m: 5, max_m: 2}}}",
         ".base.depth: min_m 5 is not below max_m 2"),
        ("{base: {depth: {max_m: 4000}}}",
         ".base.depth.max_m: 4000 is out of range (lengths are in metres, this looks like millimetres). "
         "Allowed: 0 to 32 m"),
        ("{base: {rgb: {nois: 0.1}}}",
         ".base.rgb.nois: unknown field 'nois'. Allowed: exposure, white_balance, blur_px, motion_px, noise, grain_px; "
         "did you mean 'noise'?"),
        ("{base: {rgb: {noise: lots}}}",
         ".base.rgb.noise: must be a number, not 'lots'. Allowed: 0 to 0.5"),
        ("{base: {rgb: {exposure: {uniform: [1.2, 0.8]}}}}",
         ".base.rgb.exposure: the range of 'uniform' is reversed: 1.2 is above 0.8. Allowed: [low, high]"),
        ("{base: {rgb: {exposure: {scale: [0.8, 1.2]}}}}",
         ".base.rgb.exposure: 'scale' changes a value that is there. Allowed: uniform, log_uniform, normal, choose"),
        ("{base: {rgb: {blur_px: {uniform: [0, 99]}}}}",
         ".base.rgb.blur_px: 99 is out of range. Allowed: 0 to 16 pixels"),
        ("{base: {rgb: {white_balance: [1, 1]}}}",
         ".base.rgb.white_balance: must be a list of 3 values, not a list of 2. Allowed: [red, green, blue]"),
        ("{base: {drop: 1}}",
         ".base.drop: 1 is out of range. Allowed: 0 to 0.99"),
        ("{base: 3}",
         ".base: must be a mapping of fields, not 3. Allowed: preset, depth, rgb, latency_steps, drop"),
        ("{}",
         ": must have at least 1 entries, not a mapping"),
    ],
)  # fmt: skip
def test_what_is_said_of_wrong_sensors(good, registry, text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_task(with_sensors(good, text), "t.yaml", registry=registry)
    assert str(caught.value) == f"t.yaml:21: sensors{message}"


def test_images_that_the_camera_does_not_make(good, registry) -> None:
    text = with_sensors(good, "{base: {depth: {}}}").replace("outputs: [rgb, depth]", "outputs: [rgb]")
    with pytest.raises(BadInput, match="camera base makes no depth to spoil, only rgb; add it to its outputs"):
        parse_task(text, registry=registry)


def test_a_camera_that_cannot_be_read_is_the_only_fault(good, registry) -> None:
    text = with_sensors(good, "{base: {depth: {}}}").replace("fov_deg: 60", "fov_deg: 600")
    with pytest.raises(BadInput) as caught:
        parse_task(text, registry=registry)
    assert len(str(caught.value).splitlines()) == 1


def test_sensors_from_python() -> None:
    task = {"sensors": {"hand": {"drop": 0.5}}}
    assert sensors_from(None, task, CAMERAS) == sensors_from(False, task, CAMERAS) == {}
    assert sensors_from(True, task, CAMERAS)["hand"].drop == 0.5
    assert list(sensors_from("kinect_v2", {}, CAMERAS)) == ["base"], "the other camera makes no depth"
    assert sensors_from({"base": "kinect_v2"}, {}, CAMERAS) == sensors_from("kinect_v2", {}, CAMERAS)
    wrong = {
        "the task describes no sensors": True,
        "did you mean 'kinect_v2'": "kinect_v22",
        "did you mean 'base'": {"bas": {}},
        "sensors.hand.depth: there are no such images of hand. Available: rgb": {"hand": "kinect_v1"},
        "sensors.base.rgb.noise: 2 is out of range": {"base": {"rgb": {"noise": 2}}},
    }
    for message, given in wrong.items():
        with pytest.raises(BadInput) as caught:
            sensors_from(given, {}, CAMERAS)
        assert message in str(caught.value)
    with pytest.raises(BadInput, match="kinect_v1 needs a camera with depth"):
        sensors_from("kinect_v1", {}, {"hand": ("rgb",)})


def test_the_schema_names_presets_and_fields(registry) -> None:
    schema = json_schema(registry)
    (sensor,) = (kind["anyOf"] for kind in schema["properties"]["sensors"]["patternProperties"].values())
    assert sensor[0]["enum"] == list(PRESETS)
    assert "latency_steps" in schema["$defs"]["SensorSpec"]["properties"]
    assert schema["$defs"]["StereoSpec"]["properties"]["baseline_m"]["maximum"] == 1.0
