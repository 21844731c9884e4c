"""Most tests run on Python numbers and on tensors alike."""

from __future__ import annotations

import pytest

from tests.unit.semantics.reference.interpreting import Interpret, on_numbers, on_tensors


@pytest.fixture(params=[on_numbers, on_tensors], ids=["numbers", "tensors"])
def interpret(request: pytest.FixtureRequest) -> Interpret:
    """The interpreter on one kind of numbers."""
    return request.param
