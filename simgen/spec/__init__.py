"""What a user writes: a task as YAML, read into checked models. It simulates nothing and knows no engine.

`load_task("pick_cube")` gives a `TaskSpec`; every fault of a file is one line of a `BadInput`.
"""

from __future__ import annotations

from simgen.spec.base import Spec
from simgen.spec.call import gate_call, observation_call, observation_label
from simgen.spec.camera import CameraSpec
from simgen.spec.check import check_task
from simgen.spec.distribution import Distribution
from simgen.spec.episode import EpisodeSpec
from simgen.spec.find import find_task, task_names
from simgen.spec.load import AnyTask, load_any_task, load_task, parse_task
from simgen.spec.look import FixtureSpec, GroundSpec
from simgen.spec.mixture import Mixture, Part, load_task_or_mixture, parts_of
from simgen.spec.object import ObjectSpec
from simgen.spec.observe import ObserveSpec
from simgen.spec.physics import PhysicsSpec
from simgen.spec.pose import PoseSpec
from simgen.spec.registered import RegisteredSpec
from simgen.spec.registry import Parameter, Registry, Term, default_registry
from simgen.spec.render import LightSpec, RenderSpec
from simgen.spec.robot import RobotSpec
from simgen.spec.scene import SceneSpec
from simgen.spec.schema import json_schema, resolved, task_hash
from simgen.spec.shape import ShapeSpec, mesh_files
from simgen.spec.task import TaskSpec
from simgen.spec.teacher import MoveSpec, StepSpec, TeacherSpec
from simgen.spec.terms import Condition, RewardSpec, TermCall

__all__ = [
    "AnyTask",
    "CameraSpec",
    "Condition",
    "Distribution",
    "EpisodeSpec",
    "FixtureSpec",
    "GroundSpec",
    "LightSpec",
    "Mixture",
    "MoveSpec",
    "ObjectSpec",
    "ObserveSpec",
    "Parameter",
    "Part",
    "PhysicsSpec",
    "PoseSpec",
    "RegisteredSpec",
    "Registry",
    "RenderSpec",
    "RewardSpec",
    "RobotSpec",
    "SceneSpec",
    "ShapeSpec",
    "Spec",
    "StepSpec",
    "TaskSpec",
    "TeacherSpec",
    "Term",
    "TermCall",
    "check_task",
    "default_registry",
    "find_task",
    "gate_call",
    "json_schema",
    "load_any_task",
    "load_task",
    "load_task_or_mixture",
    "mesh_files",
    "observation_call",
    "observation_label",
    "parse_task",
    "parts_of",
    "resolved",
    "task_hash",
    "task_names",
]
