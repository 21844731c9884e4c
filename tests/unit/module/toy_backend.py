"""Backends with plain torch functions for one program, so that modules can be chosen and traced."""

from __future__ import annotations

from typing import Any

import torch

from whilec.backends.base import (
    AbstractBackend,
    AbstractExecutable,
    Answer,
    Available,
    Call,
    No,
    Outcome,
    Probe,
    Request,
    Unavailable,
    Yes,
)

TEXT = (
    "PROGRAM toy(a: real[n], x: real) -> y: real, b: real[n]\nPARAM w: real = 2.0\ny := x * w\nb := a * x\n"
)


class Toy(AbstractBackend[Any]):
    """Runs `TEXT`, but not in float64; its `y` is larger by the steepness."""

    requests: list[Request] = []  # noqa: RUF012 - what was compiled so far

    def probe(self) -> Probe:
        return Available()

    def accepts(self, program: Any, device: torch.device, dtype: torch.dtype) -> Answer:
        return No("it has no float64") if dtype is torch.float64 else Yes()

    def compile(self, program: Any, request: Request) -> AbstractExecutable:
        self.requests.append(request)
        return ToyExecutable()


class Missing(AbstractBackend[Any]):
    """A backend whose library is not there."""

    def probe(self) -> Probe:
        return Unavailable("libtoy is not installed")

    def accepts(self, program: Any, device: torch.device, dtype: torch.dtype) -> Answer:
        raise AssertionError("asked although it is unavailable")

    def compile(self, program: Any, request: Request) -> AbstractExecutable:
        raise AssertionError("compiled although it is unavailable")


class ToyExecutable(AbstractExecutable):
    is_traceable = True

    def run(self, call: Call) -> Outcome:
        a, x, w = call.inputs["a"], call.inputs["x"], call.parameters["w"]
        return Outcome({"y": x * w * call.steepness, "b": a * x[:, None]})
