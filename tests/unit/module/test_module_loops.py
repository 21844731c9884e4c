"""What modules say about their loops."""

from __future__ import annotations

import warnings

import pytest
import torch

import whilec

RUNAWAY = "PROGRAM p(x) -> y\n\nWHILE x != 0 DO\n  x := x - 1\n  y := y + 1\nEND\n"
NESTED = """
PROGRAM p(x) -> y: real
LOOP 2 DO
  y := y + f(x)
END
DEF f(u) -> v
  WHILE u > 0 DO u := u - 1 v := v + 1 END
END
DEF g(u) -> v
  WHILE u > 0 DO u := u - 1 END
END
"""

backends = pytest.mark.parametrize("backend", ["auto", "interpreter"])


@backends
def test_a_capped_loop_is_warned_about_once(backend: str) -> None:
    module = whilec.compile_source(
        RUNAWAY, smooth="inf", steepness=9.0, max_trips=20, backend=backend, name="p.while"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module(0.0)
    with pytest.warns(whilec.LoopWarning) as caught:
        module(torch.tensor([2.5, 0.0, 2.6, 0.0]))
    (warning,) = caught
    assert str(warning.message).startswith(
        "p.while:3: this loop was stopped after 20 trips in 50% of its runs"
    )
    assert "steepness <= 2.609" in str(warning.message)
    assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module(2.5)
    with pytest.warns(whilec.LoopWarning):
        whilec.compile_source(RUNAWAY, steepness=9.0, max_trips=20, backend=backend)(2.5)


def test_an_unrolled_loop_asks_for_more_trips() -> None:
    module = whilec.compile_source(RUNAWAY, smooth=0, graph="unrolled", trips=3)
    with pytest.warns(whilec.LoopWarning, match="or a larger trips"):
        module(5.0)
    (warning,) = module.run(5.0).warnings
    assert warning.help is not None
    assert warning.help.endswith("or a larger `--trips`")


@backends
def test_a_run_returns_what_a_call_warns_about(backend: str) -> None:
    module = whilec.compile_source(RUNAWAY, steepness=9.0, max_trips=20, backend=backend)
    result = module.run(torch.tensor([2.5, 0.0, float("nan"), 0.0]))
    (loop,) = result.loops
    assert (loop.line, loop.entries, loop.trips) == (3, 1, 20)
    assert (loop.converged, loop.capped, loop.nan) == (0.5, 0.25, 0.25)
    assert loop.advice is not None
    assert [d.code.name for d in result.warnings] == ["W0650", "W0651"]
    assert all(d.source is module.source for d in result.warnings)
    assert result.y is result["y"] is result.outputs["y"]
    assert (list(result), len(result), "x" in result) == (["y"], 1, False)
    with pytest.raises(AttributeError, match="no output 'z'"):
        _ = result.z


@backends
def test_every_loop_of_the_text_has_a_report(backend: str) -> None:
    result = whilec.compile_source(NESTED, smooth=0, backend=backend).run(torch.tensor([2.0, 3.0]))
    assert [(loop.line, loop.entries > 0) for loop in result.loops] == [(3, True), (7, True), (10, False)]
    assert result.loops[1].trips == 4
    assert result.y.tolist() == whilec.compile_source(NESTED, smooth=0)([2.0, 3.0]).tolist()


def test_hard_loops_have_reports() -> None:
    (loop,) = whilec.compile_source(RUNAWAY, smooth="hard").run([2, 5]).loops
    assert (loop.trips, loop.converged) == (5, 1.0)
