"""How tests run a program: the same call on Python numbers and on tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, final

import torch

from algonet_runtime import table
from whilec.diagnostics.model import Diagnostic, WhileError
from whilec.semantics.bind import bind_shapes
from whilec.semantics.check import check, specialise
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram
from whilec.semantics.reference import LoopReport, execute, execute_tensors
from whilec.source import SourceFile
from whilec.syntax.parser import parse


@final
@dataclass(frozen=True)
class Outcome:
    """What a run gave, as plain numbers and nested lists on either kind of numbers."""

    outputs: Mapping[str, Any]
    jacobian: Mapping[str, Mapping[str, Any]]
    loops: tuple[LoopReport, ...]

    def __getitem__(self, name: str) -> Any:
        return self.outputs[name]

    def slope(self, output: str, given: str) -> Any:
        """The derivatives of an output by an input or PARAM."""
        return self.jacobian[output][given]


Interpret: TypeAlias = Callable[..., Outcome]
"""A function of the text, the inputs, `jacobian` and options."""


def load(text: str, shapes: Mapping[str, tuple[int, ...]]) -> CheckedProgram:
    """The program for inputs of these shapes; it must be right."""
    return _load(text, tuple(sorted(shapes.items())))


@lru_cache(maxsize=256)
def _load(text: str, shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> CheckedProgram:
    source = SourceFile("<test>", text)
    syntax = parse(source)
    assert syntax.program is not None, [d.title for d in syntax.diagnostics]
    program = check(syntax.program, source, intrinsics=table()).program
    assert program is not None, [d.title for d in check(syntax.program, source).diagnostics]
    return specialise(program, bind_shapes(program, dict(shapes)))


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a number or of nested lists."""
    if not isinstance(value, list):
        return ()
    return (len(value), *(shape_of(value[0]) if value else ()))


def flat(value: Any) -> Iterator[Any]:
    """The numbers of nested lists, in order."""
    if isinstance(value, list):
        for part in value:
            yield from flat(part)
    else:
        yield value


def on_numbers(
    text: str, inputs: Mapping[str, Any] | None = None, *, jacobian: bool = False, **options: Any
) -> Outcome:
    """The program on Python numbers, derivatives by dual numbers."""
    inputs = inputs or {}
    program = load(text, {name: shape_of(value) for name, value in inputs.items()})
    run = execute(program, inputs, Options(**options), jacobian=jacobian)
    return Outcome(run.outputs, run.jacobian or {}, run.loops)


def on_tensors(
    text: str, inputs: Mapping[str, Any] | None = None, *, jacobian: bool = False, **options: Any
) -> Outcome:
    """The program on tensors without a batch, derivatives by autograd."""
    inputs = inputs or {}
    program = load(text, {name: shape_of(value) for name, value in inputs.items()})
    leaves = {name: tensor(value, jacobian) for name, value in inputs.items()}
    run = execute_tensors(program, leaves, Options(**options))
    slopes = {
        name: {given: slopes_by(value, leaf) for given, leaf in leaves.items()}
        for name, value in (run.outputs.items() if jacobian else ())
    }
    return Outcome({name: value.tolist() for name, value in run.outputs.items()}, slopes, run.loops)


def tensor(value: Any, is_leaf: bool = False) -> torch.Tensor:
    """Numbers as a tensor: whole ones as int64 unless derivatives are wanted."""
    if is_leaf or not all(isinstance(number, int) for number in flat(value)):
        return torch.tensor(value, dtype=torch.float64, requires_grad=is_leaf)
    return torch.tensor(value, dtype=torch.int64)


def slopes_by(output: torch.Tensor, leaf: torch.Tensor) -> Any:
    """The derivatives of every element of an output by a leaf, as nested lists."""
    rows = [
        torch.autograd.grad(element, leaf, retain_graph=True, allow_unused=True, materialize_grads=True)[0]
        if element.requires_grad
        else torch.zeros_like(leaf)
        for element in output.reshape(-1)
    ]
    if not rows:
        return []
    return torch.stack(rows).reshape(output.shape + leaf.shape).tolist()


def batch(
    text: str, inputs: Mapping[str, torch.Tensor], shapes: Mapping[str, tuple[int, ...]], **options: Any
) -> Mapping[str, torch.Tensor]:
    """The outputs of a batch; `shapes` are those of the inputs that are not scalars."""
    program = load(text, {name: shapes.get(name, ()) for name in inputs})
    return execute_tensors(program, inputs, Options(**options)).outputs


def error_of(interpret: Callable[..., Any], *arguments: Any, **options: Any) -> Diagnostic:
    """The diagnostic of a run that must fail."""
    try:
        outcome = interpret(*arguments, **options)
    except WhileError as error:
        return error.diagnostics[0]
    raise AssertionError(f"no error, but {outcome}")


def marked(diagnostic: Diagnostic, text: str) -> str:
    """The part of the program that a diagnostic points at."""
    assert diagnostic.primary is not None
    span = diagnostic.primary.span
    return text[span.start : span.end]
