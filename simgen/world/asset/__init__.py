"""The user's own assets: imported from mesh, URDF, MJCF and USD files once, loaded without conversion ever after."""

from simgen.world.asset.store import find_asset, list_cards, load_asset, load_assets, read_card

__all__ = ["find_asset", "list_cards", "load_asset", "load_assets", "read_card"]
