"""Arrays of a wrong shape are caught at run time in tests, also where annotations are text."""

from __future__ import annotations

import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError, jaxtyped
from shape_checks import checked


@jaxtyped(typechecker=checked)
def difference(a: Float[np.ndarray, "env 3"], b: Float[np.ndarray, "env 3"]) -> Float[np.ndarray, "env 3"]:
    return (a - b)[:, : 2 if a[0, 0] < 0 else 3]


def test_right_shapes_pass() -> None:
    assert difference(np.ones((2, 3)), np.ones((2, 3))).shape == (2, 3)


def test_axes_of_one_name_must_agree() -> None:
    with pytest.raises(TypeCheckError, match="parameter 'b'"):
        difference(np.ones((2, 3)), np.ones((4, 3)))


def test_the_result_is_checked() -> None:
    with pytest.raises(TypeCheckError, match="return value"):
        difference(-np.ones((2, 3)), np.ones((2, 3)))
