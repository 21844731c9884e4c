"""What no output needs is dropped, and nothing else: outputs, gradients and reports stay."""

from __future__ import annotations

import torch

from tests.differential.torch_runs import agreement, lowered, run_backend
from tests.properties.running import load
from tests.properties.test_batches import cases, stacked
from whilec.backends.torch_recurrent import Recurrent
from whilec.ir.node import Program, walk
from whilec.ir.text import program_text
from whilec.ir.verify import verify
from whilec.passes.bound_loops import BoundLoops
from whilec.passes.drop_unused import DropUnused
from whilec.semantics.options import Options


def operations(program: Program) -> list[str]:
    regions = [program.body, *(function.body for function in program.functions.values())]
    return [node.op for region in regions for node in walk(region)]


def dropped(text: str) -> tuple[Program, Program]:
    before = lowered(load(text, {"x": 1.0}), Options(smooth=1))
    return before, verify(DropUnused().run(before))


def test_what_nobody_reads_goes() -> None:
    before, after = dropped(
        "PROGRAM p(x) -> y: real\nz := exp(x)\nIF x > 0 THEN z := z + 1 END\ny := x + 1\n"
    )
    assert {"exp", "choice"} <= set(operations(before))
    assert not {"exp", "choice"} & set(operations(after))


def test_state_that_only_feeds_itself_is_not_carried() -> None:
    text = "PROGRAM p(x) -> y: real\nWHILE x > 0 DO z := z * 2 + 1  y := y + x  x := x - 1 END\n"
    before, after = dropped(text)
    (loop,) = (node for node in walk(before.body) if node.op == "while")
    (rest,) = (node for node in walk(after.body) if node.op == "while")
    assert {value.name for value in loop.results} - {value.name for value in rest.results} == {"z"}
    assert "multiply" not in operations(after)


def test_loops_stay_because_runs_report_them() -> None:
    _, after = dropped("PROGRAM p(x) -> y: real\nWHILE x > 0 DO x := x - 1 END\ny := 1\n")
    assert "while" in operations(after)


def test_functions_without_calls_go() -> None:
    text = (
        "PROGRAM p(x) -> y: real\nDEF f(a) -> b\nb := a + 1\nEND\nDEF g(a) -> b\nb := f(a)\nEND\ny := x + 1\n"
    )
    _, after = dropped(text + "y := y + 1\n")
    assert not after.functions
    _, used = dropped(text + "y := g(y)\n")
    assert len(used.functions) == 2


def test_a_second_time_there_is_nothing_to_drop() -> None:
    for _, program, options, _ in cases(0, "drop-again"):
        once = DropUnused().run(lowered(program, options))
        assert program_text(DropUnused().run(once)) == program_text(once)


def test_random_programs_keep_their_meaning() -> None:
    smaller = 0
    for generated, program, options, rows in cases(1, "drop"):
        if not rows[0]:
            continue  # without inputs there is no batch
        before = lowered(program, options)
        after = DropUnused().run(before)
        smaller += len(operations(after)) < len(operations(before))
        results = [
            run_backend(program, stacked(rows), options, Recurrent(BoundLoops().run(verify(each))))
            for each in (before, after)
        ]
        message = f"{options}\n{rows}\n{generated.source}"
        assert agreement(results[1], results[0], values=0.0, gradients=1e-12) is None, message
        assert results[1].loops == results[0].loops, message
        for name, value in results[0].outputs.items():
            assert torch.equal(value.isnan(), results[1].outputs[name].isnan()), message
    assert smaller > 5
