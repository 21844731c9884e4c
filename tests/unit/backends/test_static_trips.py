"""Constants that arise in trips whose number is known: their degrees still depend on the steepness."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import whilec

HEAD = "PROGRAM f(x: real) -> a\nDEF g(z: real) -> u: real u := z END\nVAR y: real\nVAR b: real[3]\n"
BODIES = {
    "a choice after the loop": "LOOP 1 DO y := 0.6 END IF y > 0.5 THEN a := x END",
    "a choice in the loop": "LOOP 2 DO IF y > 0.5 THEN a := x END y := 0.6 END",
    "maximum": "LOOP 2 DO a := max(y, 1.0) + max(y, 0.7, 0.6) y := 0.6 END",
    "minimum": "LOOP 1 DO y := 0.6 END a := x * min(y, 0.5)",
    "relaxed functions": "LOOP 2 DO a := abs(y - 1) + sign(y - 0.7) * clamp(y, 0.2, 0.7) y := 0.6 END",
    "a degree": "LOOP 1 DO y := 0.6 END a := x * degree(y = 0.6 AND NOT y < 0.4 OR y > 1)",
    "a loop after it": "LOOP 1 DO y := 0.6 END WHILE y > 0.1 DO y := y - 0.5 a := a + x END",
    "a count": "LOOP 1 DO y := 1.6 END LOOP y DO a := a + x END",
    "a static WHILE": "WHILE 2 > 1 AND a < 3 DO a := a + 2 y := 0.3 IF y > 0.2 THEN a := a + x END END",
    "an element": "LOOP 2 DO b[0] := 0.6 IF b[0] > 0.5 THEN b[1] := 1.5 END b[b[1]] := x END a := sum(b)",
    "an element outside a loop": "b[0] := 0.6 IF b[0] > 0.5 THEN a := x END a := a + b[b[0]] * max(b[0], 2)",
    "functions that are smooth": "LOOP 1 DO y := 0.6 END a := pow(x, y) + sqrt(y) + max(pow(y, 2.5), y)",
    "nested": "LOOP 2 DO LOOP 2 DO y := 0.4 END FOR i FROM 0 TO 1 DO IF y > i THEN a := a + x END END END",
    "a function": "LOOP 1 DO y := g(0.6) END IF y > 0.5 THEN a := x END",
}


@pytest.mark.parametrize("smooth", [0, 1, 2, "inf"])
@pytest.mark.parametrize("loops", ["path", "mixture"])
@pytest.mark.parametrize("body", BODIES)
def test_unrolled_graphs_have_the_numbers_of_the_interpreter(body: str, loops: Any, smooth: Any) -> None:
    text = f"{HEAD}{BODIES[body]}\n"
    options: dict[str, Any] = {"smooth": smooth, "loops": loops, "steepness": 3.0}
    wanted = whilec.run_source(text, {"x": 2.0}, jacobian=True, **options)
    assert wanted.jacobian is not None
    for graph in ({}, {"graph": "unrolled", "trips": 40}):
        module: Any = whilec.compile_source(text, dtype=torch.float64, **options, **graph)
        x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
        value = module(x)
        (slope,) = torch.autograd.grad(value, x, allow_unused=True) if value.requires_grad else (None,)
        assert value.item() == pytest.approx(wanted.outputs["a"], rel=1e-11, abs=1e-12)
        found = 0.0 if slope is None else slope.item()
        assert found == pytest.approx(wanted.jacobian["a"]["x"], rel=1e-9, abs=1e-11)


def test_a_steepness_set_later_counts() -> None:
    text = "PROGRAM f(x: real) -> a\nVAR y: real\nLOOP 1 DO y := 0.6 END\nIF y > 0.5 THEN a := x END\n"
    module = whilec.compile_source(text, graph="unrolled", trips=1, dtype=torch.float64)
    for steepness in (1.0, 5.0, 50.0):
        module.steepness = steepness
        wanted = whilec.run_source(text, {"x": 2.0}, steepness=steepness).outputs["a"]
        assert module(2.0).item() == pytest.approx(wanted, rel=1e-12)
