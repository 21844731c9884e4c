"""Options that make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from whilec.semantics.option_checks import check_options
from whilec.semantics.options import Options


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"smooth": "hard"}, []),
        ({"smooth": 0}, []),
        ({"smooth": 8}, []),
        ({"smooth": 9}, ["E0420"]),
        ({"smooth": -1}, ["E0420"]),
        ({"smooth": True}, ["E0420"]),
        ({"smooth": "soft"}, ["E0420"]),
        ({"smooth": 1.0}, ["E0420"]),
        ({"steepness": 0}, ["E0421"]),
        ({"steepness": -1.0}, ["E0421"]),
        ({"steepness": float("nan")}, ["E0421"]),
        ({"steepness": float("inf")}, ["E0421"]),
        ({"compare_steepness": 0.0}, ["E0421"]),
        ({"compare_steepness": 3.0}, []),
        ({"epsilon": 0.0}, []),
        ({"epsilon": 0.5}, ["E0422"]),
        ({"epsilon": -1e-9}, ["E0422"]),
        ({"epsilon": float("nan")}, ["E0422"]),
        ({"max_trips": 1}, []),
        ({"max_trips": 0}, ["E0423"]),
        ({"max_trips": 1.5}, ["E0423"]),
        ({"max_steps": 0}, ["E0423"]),
        ({"trainable": True}, []),
        ({"trainable": True, "domain": "nat"}, ["E0424"]),
        ({"loops": "mixed"}, ["E0425"]),
        ({"phi": "sigmoid"}, ["E0425"]),
        ({"domain": "real"}, ["E0425"]),
        ({"phi": "bump"}, []),
        ({"phi": "bump", "smooth": 2}, ["W0426"]),
        ({"phi": "bump", "smooth": "hard"}, ["W0426"]),
        ({"steepness": -1, "epsilon": 2, "smooth": 10}, ["E0420", "E0421", "E0422"]),
    ],
)
def test_options(options: dict[str, Any], expected: list[str]) -> None:
    assert [diagnostic.code.name for diagnostic in check_options(Options(**options))] == expected


@pytest.mark.parametrize(
    ("smooth", "meant"), [(float("inf"), '`smooth="inf"`'), ("Hard", '`smooth="hard"`'), ("1", "`smooth=1`")]
)
def test_a_mode_of_another_type(smooth: Any, meant: str) -> None:
    (diagnostic,) = check_options(Options(smooth=smooth))
    assert diagnostic.help is not None
    assert meant in diagnostic.help
