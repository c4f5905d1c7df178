"""The Vulkan devices of this machine with their drivers, asked of the Vulkan loader through its C interface.

Nothing but the standard library is imported, so that it works where SAPIEN does not. A broken driver can end the
process, so it is run as a child: `python -m simgen.world.engine.probe.vulkan` prints the devices as JSON.
"""

from __future__ import annotations

import ctypes
import json
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_int32, c_uint8, c_uint32, c_void_p
from dataclasses import asdict, dataclass

_KINDS = ("other", "integrated GPU", "discrete GPU", "virtual GPU", "CPU")
_APPLICATION_INFO, _INSTANCE_CREATE_INFO = 0, 1
_PROPERTIES_2, _DRIVER_PROPERTIES = 1000059001, 1000196000
_VULKAN_1_1 = (1 << 22) | (1 << 12)


@dataclass(frozen=True)
class VulkanDevice:
    """A Vulkan device.

    Args:
        name: The device's name.
        kind: "CPU", "discrete GPU", ...
        driver: The driver's name and version, such as "llvmpipe Mesa 25.0.7".
    """

    name: str
    kind: str
    driver: str


class _ApplicationInfo(ctypes.Structure):
    _fields_ = [
        ("type", c_int32),
        ("next", c_void_p),
        ("application_name", c_char_p),
        ("application_version", c_uint32),
        ("engine_name", c_char_p),
        ("engine_version", c_uint32),
        ("api_version", c_uint32),
    ]


class _InstanceCreateInfo(ctypes.Structure):
    _fields_ = [
        ("type", c_int32),
        ("next", c_void_p),
        ("flags", c_uint32),
        ("application", POINTER(_ApplicationInfo)),
        ("layer_count", c_uint32),
        ("layers", c_void_p),
        ("extension_count", c_uint32),
        ("extensions", c_void_p),
    ]


class _DriverProperties(ctypes.Structure):
    _fields_ = [
        ("type", c_int32),
        ("next", c_void_p),
        ("driver_id", c_int32),
        ("name", c_char * 256),
        ("info", c_char * 256),
        ("conformance", c_uint8 * 4),
    ]


class _Properties2(ctypes.Structure):
    _fields_ = [
        ("type", c_int32),
        ("next", c_void_p),
        ("api_version", c_uint32),
        ("driver_version", c_uint32),
        ("vendor", c_uint32),
        ("device", c_uint32),
        ("kind", c_int32),
        ("name", c_char * 256),
        ("rest", c_uint8 * 2048),  # limits and sparse properties: about 540 bytes
    ]


def vulkan_devices() -> list[VulkanDevice]:
    """Returns the Vulkan devices of this machine.

    Raises:
        OSError: If there is no Vulkan loader (libvulkan.so.1), or no driver that it can load.
    """
    library = ctypes.CDLL("libvulkan.so.1")
    application = _ApplicationInfo(type=_APPLICATION_INFO, application_name=b"simgen", api_version=_VULKAN_1_1)
    create = _InstanceCreateInfo(type=_INSTANCE_CREATE_INFO, application=ctypes.pointer(application))
    instance = c_void_p()
    if library.vkCreateInstance(byref(create), None, byref(instance)) != 0:
        raise OSError("the Vulkan loader finds no driver")
    try:
        count = c_uint32()
        library.vkEnumeratePhysicalDevices(instance, byref(count), None)
        handles = (c_void_p * count.value)()
        library.vkEnumeratePhysicalDevices(instance, byref(count), handles)
        return [_describe(library, c_void_p(handle)) for handle in handles[: count.value]]
    finally:
        library.vkDestroyInstance(instance, None)


def _describe(library: ctypes.CDLL, device: c_void_p) -> VulkanDevice:
    driver = _DriverProperties(type=_DRIVER_PROPERTIES)
    properties = _Properties2(type=_PROPERTIES_2, next=ctypes.cast(ctypes.pointer(driver), c_void_p))
    library.vkGetPhysicalDeviceProperties2(device, byref(properties))
    return VulkanDevice(
        name=properties.name.decode(errors="replace"),
        kind=_KINDS[properties.kind] if 0 <= properties.kind < len(_KINDS) else "other",
        driver=f"{driver.name.decode(errors='replace')} {driver.info.decode(errors='replace')}".strip(),
    )


if __name__ == "__main__":
    try:
        found = {"devices": [asdict(device) for device in vulkan_devices()]}
    except OSError as error:
        found = {"error": str(error)}
    sys.stdout.write(json.dumps(found) + "\n")
