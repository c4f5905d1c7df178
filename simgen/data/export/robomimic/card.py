"""What the card of a robomimic export says."""

from __future__ import annotations

from simgen.data.export.base import CardPart, ExportJob
from simgen.data.export.robomimic.observations import Observation, observations_of

_LOAD = """import robomimic.utils.obs_utils as ObsUtils
from robomimic.utils.dataset import SequenceDataset

ObsUtils.initialize_obs_utils_with_obs_specs({{"obs": {modalities}}})
demos = SequenceDataset(
    hdf5_path="demos.hdf5", obs_keys={keys},
    dataset_keys=("actions", "rewards", "dones"), hdf5_cache_mode="low_dim", hdf5_use_swmr=False,
    seq_length=10, filter_by_attribute="train", load_next_obs={next_obs},
)
print(len(demos), demos[0]["actions"].shape)"""


def card_part(job: ExportJob, scale: list[float]) -> CardPart:
    """Returns the part of the card."""
    layout = job.selection.layout
    observations = observations_of(layout)
    keys = tuple(observation.key for observation in observations if not observation.is_image)
    keys = keys or tuple(observation.key for observation in observations)
    columns = ", ".join(layout.action.names or ()) or "columns as recorded"
    rows = [(f"obs/{one.key}", f"{one.dtype} {list(one.shape)}", one.meaning) for one in observations]
    rows += [
        (
            "actions",
            f"float32 {list(layout.action.shape)}",
            f"{columns} [{layout.action.unit}]; divided by action_scale",
        ),
        ("rewards", "float32 []", "of the step" if layout.step("rewards") else "zeros: the dataset has none"),
        ("dones", "int64 []", "1 where the episode terminated or was cut, and at its last step"),
    ]
    if layout.env_states:
        rows.append(("states", "float32", "simulator state, the arrays named by the attribute `states_of` in a row"))
    rows += [(f"labels/{facts.path}", f"{facts.dtype} {list(facts.shape)}", facts.unit or "") for facts in layout.steps
             if facts.path != "rewards"]  # fmt: skip
    rows += [(f"cameras/{facts.camera}/{facts.name}", f"{facts.dtype} {list(facts.shape)}", f"[{facts.unit}], T+1 rows")
             for facts in layout.cameras]  # fmt: skip
    scaled = any(value > 1 for value in scale)
    scale_words = f"{[round(value, 6) for value in scale]}" if scaled else "all 1: the actions are as recorded"
    left_out = [f"{facts.path}: belongs to the episode as a whole, robomimic has rows only." for facts in layout.fixed]
    left_out.append("`model_file`: scenes are made from the spec and the seed, there is no MuJoCo XML of them; "
                    "robomimic cannot step this environment by itself "
                    "(train with `experiment.rollout.enabled=False`).")  # fmt: skip
    left_out += [
        "names of segmentation ids.",
        *([] if not layout.env_states else ["simulator state after the last action."]),
    ]
    if not job.settings.next_obs:
        left_out.append("the observation after the last action (next_obs=false).")
    return CardPart(
        title="robomimic (HDF5)",
        features=tuple(rows),
        load=_LOAD.format(keys=repr(keys), modalities=_modalities(observations), next_obs=job.settings.next_obs),
        requires=("robomimic>=0.3.0",),
        left_out=tuple(left_out),
        notes=(
            "obs and next_obs have T rows: it is what was seen after the action, its last row is observation T+1.",
            "robot0_eef_quat is x, y, z, w (converted from the dataset's w, x, y, z); depth is metres as float32 "
            "(millimetres in the dataset); images have their first row at the top, robosuite's own are upside down.",
            f"actions lie in -1..1: `data.attrs['action_scale']` is {scale_words}. Multiply to get the dataset's.",
            "mask/train and mask/valid share no seed; mask/successful and mask/phase_<phase> choose by outcome, phase.",
        ),
        tags=("robomimic",),
    )


def _modalities(observations: list[Observation]) -> str:
    """Which of robomimic's kinds of input each observation is, as Python."""
    kinds: dict[str, list[str]] = {"low_dim": [], "rgb": [], "depth": []}
    for one in observations:
        if not one.is_image:
            kinds["low_dim"].append(one.key)
        elif one.paths[0].rsplit("/", 1)[1] in kinds:
            kinds[one.paths[0].rsplit("/", 1)[1]].append(one.key)
    return repr({kind: keys for kind, keys in kinds.items() if keys})
