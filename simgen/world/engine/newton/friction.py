"""Friction of a contact: the mean of the two surfaces' coefficients, as in PhysX, and not their maximum, as in MuJoCo.

With the maximum, rubber fingers would hide how slippery an object is.
"""

from __future__ import annotations

import newton
import warp as wp


@wp.kernel(enable_backward=False)
def _scale_to_mean(
    count: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    shape_a: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    shape_b: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    friction: wp.array(dtype=wp.float32),  # type: ignore[valid-type]
    scale: wp.array(dtype=wp.float32),  # type: ignore[valid-type]
):
    contact = wp.tid()
    if contact >= count[0]:
        return
    if shape_a[contact] < 0:  # taken out
        return
    a, b = friction[shape_a[contact]], friction[shape_b[contact]]
    scale[contact] = 0.5 * (a + b) / wp.max(wp.max(a, b), 1.0e-6)


class MeanFriction:
    """Scales the friction of every contact from the maximum to the mean of its two shapes.

    Args:
        model: The worlds.
        contacts: Of its collision pipeline; gets the arrays for per-contact factors.
    """

    def __init__(self, model: newton.Model, contacts: newton.Contacts) -> None:
        self._model, self._contacts = model, contacts
        for name in ("rigid_contact_stiffness", "rigid_contact_damping", "rigid_contact_friction"):
            setattr(contacts, name, wp.zeros(contacts.rigid_contact_max, dtype=wp.float32, device=model.device))

    def write(self) -> None:
        """To be called after the contacts were found and before the solver steps."""
        contacts = self._contacts
        wp.launch(
            _scale_to_mean,
            dim=contacts.rigid_contact_max,
            inputs=[
                contacts.rigid_contact_count,
                contacts.rigid_contact_shape0,
                contacts.rigid_contact_shape1,
                self._model.shape_material_mu,
            ],
            outputs=[contacts.rigid_contact_friction],
            device=self._model.device,
        )
