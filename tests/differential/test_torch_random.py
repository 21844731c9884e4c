"""Random programs: every graph on torch gives what the interpreter gives."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from tests.differential.torch_runs import agreement, interpret, lowered, run_backend
from tests.properties.test_batches import CHUNKS, PROGRAMS, cases, stacked
from whilec.backends.base import Request, TooLongError
from whilec.backends.torch_recurrent import Recurrent
from whilec.backends.torch_unrolled import TorchUnrolled
from whilec.passes.base import run_passes
from whilec.passes.pipelines import recurrent

SHARE = 2
"""One in so many random programs is unrolled: the graphs take long to build."""
VALUES = 1e-10
GRADIENTS = 1e-8


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("checkpoint", [False, True])
def test_recurrent_graphs_agree_with_the_interpreter(chunk: int, checkpoint: bool) -> None:
    compared = 0
    for generated, program, options, rows in cases(chunk, f"recurrent-{checkpoint}"):
        if not rows[0]:
            continue  # without inputs there is no batch
        inputs = stacked(rows)
        want = interpret(program, inputs, options)
        executable = Recurrent(run_passes(lowered(program, options), recurrent()))
        have = run_backend(program, inputs, options, executable, checkpoint=checkpoint)
        problem = agreement(have, want, values=VALUES, gradients=GRADIENTS)
        assert problem is None, f"{problem}\n{options}\n{rows}\n{generated.source}"
        assert have.loops == want.loops, f"{options}\n{rows}\n{generated.source}"
        compared += 1
    assert compared > PROGRAMS // CHUNKS / 2


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_unrolled_graphs_agree_with_the_interpreter(chunk: int) -> None:
    compared = too_long = 0
    for generated, program, options, rows in islice(cases(chunk, "unrolled"), 0, None, SHARE):
        if not rows[0]:
            continue  # without inputs there is no batch
        ir = lowered(program, options)
        trips = (options.max_trips or 1,) * len(ir.loops)
        request = Request(torch.device("cpu"), torch.float64, trips)
        try:
            executable = TorchUnrolled().compile(ir, request)
        except TooLongError:
            too_long += 1
            continue
        inputs = stacked(rows)
        want = interpret(program, inputs, options)
        have = run_backend(program, inputs, options, executable)
        problem = agreement(have, want, values=VALUES, gradients=GRADIENTS)
        assert problem is None, f"{problem}\n{options}\n{rows}\n{generated.source}"
        assert have.loops == want.loops, f"{options}\n{rows}\n{generated.source}"
        compared += 1
    assert compared > PROGRAMS // CHUNKS / 2 / SHARE, f"{too_long} programs were too long"
