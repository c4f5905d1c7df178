"""The second engine: ManiSkill3 on SAPIEN, with PhysX as physics and Vulkan rasterisation as renderer.

Only `engine.py`, `worlds.py` and `config.py` may be imported without SAPIEN; the rest is loaded where the worlds live.
"""
