"""What ManiSkill's environments need without saying so."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

# What environments need without declaring it. Found by making every environment of mani_skill 3.0.1 with an empty
# download folder and reading which file was missed.
_REARRANGE = ("ReplicaCAD", "ReplicaCADRearrange", "ycb")
UNDECLARED: dict[str, tuple[str, ...]] = {
    "SceneManipulation-v1": ("ReplicaCAD",),
    "ReplicaCAD_SceneManipulation-v1": ("ReplicaCAD",),
    "ReplicaCADTidyHouseTrain_SceneManipulation-v1": _REARRANGE,
    "ReplicaCADTidyHouseVal_SceneManipulation-v1": _REARRANGE,
    "ReplicaCADPrepareGroceriesTrain_SceneManipulation-v1": _REARRANGE,
    "ReplicaCADPrepareGroceriesVal_SceneManipulation-v1": _REARRANGE,
    "ReplicaCADSetTableTrain_SceneManipulation-v1": _REARRANGE,
    "ReplicaCADSetTableVal_SceneManipulation-v1": _REARRANGE,
    "ArchitecTHOR_SceneManipulation-v1": ("AI2THOR",),
    "OpenCabinetDoor-v1": ("partnet_mobility_cabinet",),
}
# The same for Python packages that mani_skill does not depend on.
PACKAGES: dict[str, tuple[str, ...]] = {"DrawSVG-v1": ("svgpathtools",)}


def absent(packages: Iterable[str]) -> list[str]:
    """Returns which of these packages are not installed."""
    return [name for name in packages if importlib.util.find_spec(name) is None]
