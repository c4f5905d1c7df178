"""Things to put into a scene: a procedural library, fixtures, and the user's own meshes. Shapes only, no poses."""

from simgen.world.scene.objects.assemble import can_stretch, scale_model
from simgen.world.scene.objects.fixtures import FIXTURES, TABLE_HEIGHT, make_fixture
from simgen.world.scene.objects.kind import ObjectKind, Parameter
from simgen.world.scene.objects.library import OBJECT_KINDS, make_object
from simgen.world.scene.objects.user_mesh import load_mesh_object

__all__ = [
    "FIXTURES",
    "OBJECT_KINDS",
    "TABLE_HEIGHT",
    "ObjectKind",
    "Parameter",
    "can_stretch",
    "load_mesh_object",
    "make_fixture",
    "make_object",
    "scale_model",
]
