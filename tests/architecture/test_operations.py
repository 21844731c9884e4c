"""Every operation of the IR has its text on torch, and its rules."""

from __future__ import annotations

from whilec.backends.torch_text.emit import _RULES as WITH_REGIONS
from whilec.backends.torch_text.expressions import INLINE, TEMPLATES
from whilec.backends.torch_text.namespace import eager_names, traceable_names
from whilec.ir.node import Stage
from whilec.ir.ops import OPERATIONS

FINAL = {"BOUNDED": Stage.BOUNDED, "FLAT": Stage.FLAT}
"""Stages that are emitted."""


def emitted() -> set[str]:
    """Operations of a stage that is emitted."""
    return {
        name
        for name, operation in OPERATIONS.items()
        if any(operation.first <= stage <= operation.last for stage in FINAL.values())
    }


def test_every_operation_has_a_text() -> None:
    tables = [set(TEMPLATES), set(INLINE), set(WITH_REGIONS)]
    assert set().union(*tables) == emitted()
    assert sum(map(len, tables)) == len(emitted()), "an operation has two texts"


def test_operations_with_regions_have_rules() -> None:
    with_regions = {name for name in emitted() if OPERATIONS[name].regions}
    assert set(WITH_REGIONS) - {"call"} == with_regions


def test_texts_call_what_is_there() -> None:
    """For straight-line code no function of the loops; for the other, all of them."""
    for stage, names in ((Stage.FLAT, traceable_names()), (Stage.BOUNDED, eager_names())):
        for name, template in TEMPLATES.items():
            operation = OPERATIONS[name]
            if not operation.first <= stage <= operation.last:
                continue
            called = template.split("(")[0]
            if called.isidentifier() and called not in ("float", "relaxation", "run"):
                assert called in names, f"{name} at stage {stage.name}"


def test_every_operation_is_described() -> None:
    for name, operation in OPERATIONS.items():
        assert operation.doc.endswith("."), name
        assert operation.first <= operation.last, name
        assert set(operation.operands.removesuffix("*")) <= set("nsdmx"), name
