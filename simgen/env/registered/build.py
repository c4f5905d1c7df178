"""Makes a ManiSkill environment whose images can be left out, with errors that say what to do; for worker processes.

ManiSkill asks on the terminal before it downloads something, and draws at every step and reset; neither happens here.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import mani_skill.envs
import sapien
from mani_skill.agents.base_agent import BaseAgent
from mani_skill.agents.registration import REGISTERED_AGENTS
from mani_skill.envs.sapien_env import BaseEnv
from mani_skill.envs.utils.observations import CameraObsTextures
from mani_skill.utils import assets, download_asset
from mani_skill.utils.registration import REGISTERED_ENVS, EnvSpec

from simgen.env.registered.facts import CameraChange, RegisteredConfig
from simgen.env.registered.needs import PACKAGES, UNDECLARED, absent
from simgen.errors import BadInput, SimgenError, unknown
from simgen.world.engine.maniskill.shaders import lean_shaders

OURS = ("num_envs", "obs_mode", "control_mode", "reward_mode", "robot_uids", "sensor_configs", "sim_backend",
        "render_backend", "render_mode", "parallel_in_single_scene")  # fmt: skip
_VULKAN_WORDS = ("vk::", "vulkan", "rendering device", "physical device", "render device")
Pictures = tuple[dict[str, Any], dict[str, Any]]


class LazyEnv(BaseEnv):
    """What `build` makes: the environment with images on request."""

    def pictures(self) -> Pictures:
        """Draws what the cameras see; returns sensor_data and sensor_param."""
        raise NotImplementedError


def build(config: RegisteredConfig) -> LazyEnv:
    """Makes the environment.

    Raises:
        BadInput: An id, robot, control mode, camera or option that does not exist; a download or package is missing.
        SimgenError: No Vulkan device.
    """
    spec = _spec(config.env_id)
    _check_options(config)
    _check_assets(config.env_id, [*(spec.asset_download_ids or ()), *UNDECLARED.get(config.env_id, ())])
    _check_packages(config.env_id)
    _check_robot(spec, config.robot)
    kwargs = keyword_arguments(config)
    if config.images:
        return _make(spec, config, kwargs)
    try:
        return _make(spec, config, kwargs | {"render_backend": "none"})
    except BadInput:
        raise
    except SimgenError:  # its scene cannot be made without a renderer
        return _make(spec, config, kwargs)


def kept_renderer() -> sapien.render.RenderSystem | None:
    """Returns what keeps SAPIEN's renderer running: without images it would start and end with each material (10 ms).

    None where there is no Vulkan device. On the device that draws the images too, since a process can have but one.
    """
    try:
        return sapien.render.RenderSystem(sapien.Device("cpu"))
    except RuntimeError:
        return None


def keyword_arguments(config: RegisteredConfig) -> dict[str, Any]:
    """Returns what gymnasium.make would get besides the id."""
    spec = _spec(config.env_id)
    rates = {"sim_freq": config.sim_hz, "control_freq": config.control_hz}
    rates = {name: value for name, value in rates.items() if value is not None}
    cameras: dict[str, Any] = {} if config.size is None else {"width": config.size[0], "height": config.size[1]}
    cameras |= {name: _camera(change) for name, change in config.cameras.items()}
    chosen = {
        "robot_uids": None if _has_one_robot(spec) else config.robot,
        "control_mode": config.control,
        "reward_mode": config.reward,
        "sim_config": rates or None,
        "sensor_configs": cameras or None,
    }
    return {
        **spec.default_kwargs,
        "num_envs": 1,
        "obs_mode": _obs_mode(spec, config),
        "sim_backend": "physx_cpu",
        "render_backend": "cpu",
        **{name: value for name, value in chosen.items() if value is not None},
        **config.options,
    }


def _has_one_robot(spec: EnvSpec) -> bool:
    """Whether the environment is made for one robot and refuses to be told which, as PickCubeSO100-v1 is."""
    start = spec.cls.__init__
    return "robot_uids" not in inspect.signature(start).parameters and "robot_uids=" in inspect.getsource(start)


def _camera(change: CameraChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.size is not None:
        values |= {"width": change.size[0], "height": change.size[1]}
    if change.fov is not None:
        values |= {"fov": change.fov, "intrinsic": None}
    if change.pose is not None:
        values["pose"] = list(change.pose)
    return values


def _obs_mode(spec: EnvSpec, config: RegisteredConfig) -> str:
    """What the environment believes to show; which images are drawn is set apart from it, after it was made."""
    if config.state:
        return "state_dict"
    wanted = "+".join(config.outputs or ("rgb",))
    modes = spec.cls.SUPPORTED_OBS_MODES
    if "any_textures" in modes or wanted in modes:
        return wanted
    return next((mode for mode in modes if "rgb" in mode), "state_dict")


def _spec(env_id: str) -> EnvSpec:
    if env_id not in REGISTERED_ENVS:
        raise unknown("ManiSkill environment", env_id, REGISTERED_ENVS, "env_id")
    return REGISTERED_ENVS[env_id]


def _check_options(config: RegisteredConfig) -> None:
    taken = [name for name in config.options if name in OURS]
    if taken:
        raise BadInput(
            f"options: {', '.join(taken)} cannot be set here; robot, cameras and images have their own fields."
        )


def _check_assets(where: str, needed: list[str]) -> None:
    missing = []
    for asset in needed:
        group = asset in assets.DATA_GROUPS
        parts = assets.expand_data_group_into_individual_data_source_ids(asset) if group else [asset]
        if not all(assets.is_data_source_downloaded(part) for part in parts):
            missing.append(asset)
    if missing:
        raise missing_assets(where, missing)


def missing_assets(where: str, names: list[str]) -> BadInput:
    """Builds the error for what is not on this machine."""
    fetch = " and ".join(f"`simgen assets fetch {name}`" for name in names)
    return BadInput(f"{where} needs files that are not in ManiSkill's package: run {fetch}.")


def _check_packages(where: str) -> None:
    missing = absent(PACKAGES.get(where, ()))
    if missing:
        raise BadInput(f"{where} needs packages that ManiSkill does not bring: `pip install {' '.join(missing)}`.")


def _check_robot(spec: EnvSpec, robot: str | None) -> None:
    if robot is None:
        return
    if robot not in REGISTERED_AGENTS:
        raise unknown("robot", robot, REGISTERED_AGENTS, "robot.use")
    supported = spec.cls.SUPPORTED_ROBOTS
    if supported is not None and robot not in supported:
        names = [one if isinstance(one, str) else "+".join(map(str, one)) for one in supported]
        raise unknown(f"robot of {spec.uid}", robot, names, "robot.use")


def _make(spec: EnvSpec, config: RegisteredConfig, kwargs: dict[str, Any]) -> LazyEnv:
    lazy = EnvSpec(spec.uid, _lazy(spec.cls), spec.max_episode_steps, spec.asset_download_ids)
    try:
        env: LazyEnv = lazy.make(**kwargs)  # type: ignore[assignment]
    except SimgenError:
        raise
    except (Exception, SystemExit) as error:
        raise _explained(error, spec, config) from error
    if config.robot is not None and _has_one_robot(spec) and env.agent.uid != config.robot:
        raise unknown(f"robot of {spec.uid}", config.robot, [env.agent.uid], "robot.use")
    names = [field.name for field in dataclasses.fields(CameraObsTextures)]
    env.obs_mode_struct.visual = CameraObsTextures(**{name: name in config.outputs for name in names})
    _check_cameras(env, config)
    return env


def _check_cameras(env: BaseEnv, config: RegisteredConfig) -> None:
    for name in config.cameras if config.images else ():
        if name not in env._sensors:
            raise unknown("camera", name, env._sensors, "cameras")


def _lazy(cls: type[BaseEnv]) -> type[BaseEnv]:
    class Lazy(cls):
        def _get_obs_sensor_data(self, apply_texture_transforms: bool = True) -> dict[str, Any]:
            return {}

        def get_sensor_params(self) -> dict[str, Any]:
            return {}

        def _setup_sensors(self, options: dict[str, Any]) -> None:
            with lean_shaders(self.scene):
                super()._setup_sensors(options)

        def pictures(self) -> Pictures:
            mode, self._obs_mode = self._obs_mode, "rgb"  # in its state modes it would not draw all outputs
            try:
                return super()._get_obs_sensor_data(), super().get_sensor_params()
            finally:
                self._obs_mode = mode

    Lazy.__name__, Lazy.__qualname__ = cls.__name__, cls.__qualname__
    return Lazy


def _explained(error: BaseException, spec: EnvSpec, config: RegisteredConfig) -> SimgenError:
    text, where = str(error), spec.uid
    if any(word in text.lower() for word in _VULKAN_WORDS):
        return SimgenError(
            f"{where} needs a Vulkan device, and SAPIEN found none that it can use ({text}): run `make vulkan`, or "
            "`simgen doctor` to see what is missing."
        )
    if isinstance(error, TypeError) and "unexpected keyword argument" in text:
        return BadInput(f"options: {where} does not take {text.rsplit(' ', 1)[-1]}.")
    if isinstance(error, NotImplementedError) and "reward mode" in text:
        return unknown(f"reward of {where}", config.reward, spec.cls.SUPPORTED_REWARD_MODES, "reward")
    if isinstance(error, AttributeError) and "attribute of CameraConfig" in text:
        return _unknown_camera(spec, config, text.split(" ", 1)[0])
    if isinstance(error, FileNotFoundError) or ".maniskill" in text or "No such file" in text:
        return missing_assets(where, [where])
    return SimgenError(f"{where} cannot be made: {type(error).__name__}: {text}")


def _unknown_camera(spec: EnvSpec, config: RegisteredConfig, name: str) -> SimgenError:
    """ManiSkill takes the name of a camera that it does not know for the name of an attribute of all cameras."""
    env = _make(spec, config, keyword_arguments(dataclasses.replace(config, cameras={})))
    names = list(env._sensors)
    env.close()
    return unknown("camera", name, names, "cameras")


def _refuse_question(message: str) -> bool:
    robot = next((uid for uid in REGISTERED_AGENTS if f"Robot {uid} has" in message), None)
    if robot is None:
        raise BadInput(f"ManiSkill asks: {message}")
    raise missing_assets(f"robot {robot}", REGISTERED_AGENTS[robot].asset_download_ids)


def _set_control_mode(self: BaseAgent, control_mode: str | None = None) -> None:
    name = self._default_control_mode if control_mode is None else control_mode
    if name not in self.supported_control_modes:
        raise unknown(f"control mode of {self.uid}", name, self.supported_control_modes, "robot.control")
    _original_set_control_mode(self, name)


_original_set_control_mode = BaseAgent.set_control_mode
BaseAgent.set_control_mode = _set_control_mode
download_asset.prompt_yes_no = _refuse_question
ENVIRONMENTS = mani_skill.envs  # importing it registers them
