"""Run-time errors: what stops a program while it runs."""

from __future__ import annotations

from typing import NoReturn

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.source import SourceFile, Span

E0601 = Code(
    "E0601",
    "division by zero",
    "In hard mode a division by zero stops the program: no number would be right. In smooth modes"
    " `/` follows IEEE 754, so the result is infinite or NaN there and shows in the output.\n\n"
    "Guard the division with an `IF`, or keep the divisor away from 0.",
    Example("PROGRAM half(x: real) -> y\ny := 1 / x\n", "run {file} x=0 --smooth hard"),
)
E0602 = Code(
    "E0602",
    "result is not finite",
    "In hard mode every result must be a finite number. This one overflowed or left the domain of"
    " its function, as in `sqrt(-1)` or `log(0)`. In smooth modes the value would be infinite or"
    " NaN and stay visible in the output.",
    Example("PROGRAM root(x: real) -> y\ny := sqrt(x)\n", "run {file} x=-1 --smooth hard"),
)
E0603 = Code(
    "E0603",
    "integer is too large",
    "In hard mode integers are exact and may have up to 1,000,000 bits (about 301,030 digits). A"
    " program that goes beyond most likely multiplies a number by itself in a loop without end.",
    Example(
        "PROGRAM tower(n: int) -> x: int\nx := 3\nLOOP n DO x := x * x END\n",
        "run {file} n=40 --smooth hard",
    ),
)
E0604 = Code(
    "E0604",
    "index is out of range",
    "Indices count from 0, so an array of n elements has the indices 0 to n - 1. In hard mode an"
    " index outside this range stops the program; in smooth modes an index that depends on the"
    " inputs is clamped (finite k and bump) or blends all elements (sech).",
    Example("PROGRAM get(a: real[n], i: int) -> x\nx := a[i]\n", "run {file} a=[1,2] i=2 --smooth hard"),
)
E0605 = Code(
    "E0605",
    "index is not a whole number",
    "In hard mode an index must be a whole number. In smooth modes an index between two integers"
    " blends the two elements beside it.",
    Example("PROGRAM get(a: real[n], i: real) -> x\nx := a[i]\n", "run {file} a=[1,2] i=0.5 --smooth hard"),
)
E0606 = Code(
    "E0606",
    "loop ran beyond `max_trips`",
    "The loop was still running after the number of trips that `--max-trips` allows. In hard mode"
    " this is an error, since the result would not be that of the program; without `--max-trips`"
    " a hard loop has no limit but `--max-steps`.",
    Example("WHILE x1 != 0 DO x1 := x1 + 1 END\n", "run {file} x1=1 --smooth hard --max-trips 10"),
)
E0607 = Code(
    "E0607",
    "program ran beyond `max_steps`",
    "A run executes at most `--max-steps` statements (10^8 unless said otherwise; an operation on a"
    " whole array counts once per element). Most often a loop never ends: its condition"
    " does not change, or jumps over the value that would end it.",
    Example("WHILE x1 != 0 DO x1 := x1 + 1 END\n", "run {file} x1=1 --smooth hard --max-steps 1000"),
)
E0608 = Code(
    "E0608",
    "int input is not a whole number",
    "In hard mode an input of type `int` must be a whole number: discrete programs that count down"
    " to 0 would never end otherwise. In smooth modes any real number is welcome.",
    Example("WHILE x1 != 0 DO x1 := x1 - 1 END\n", "run {file} x1=0.5 --smooth hard"),
)
E0609 = Code(
    "E0609",
    "LOOP count is not a whole number",
    "`LOOP e DO` runs its body e times, so in hard mode e must be a whole number.",
    Example("PROGRAM twice(x: real) -> y\nLOOP x DO y := y + 1 END\n", "run {file} x=1.5 --smooth hard"),
)
E0610 = Code(
    "E0610",
    "integer does not fit into 64 bits",
    "In hard mode on tensors integers are int64. A result beyond that range is an error and never a"
    " wrong number. On single numbers (`whilec run`) hard mode is exact for any size.",
    Example("PROGRAM square(x: int) -> y: int\ny := x * x\n", ""),
)
E0611 = Code(
    "E0611",
    "input is negative with `domain = nat`",
    'With `domain="nat"` variables are natural numbers, and `x := x - c` stops at 0. Inputs must be'
    " at least 0.",
    Example("x0 := x0 - 1\nx0 := x1\n", "run {file} x1=-1 --domain nat"),
)
E0612 = Code(
    "E0612",
    "steepness is not positive",
    "The steepness of a comparison or relaxed built-in must be a finite number above 0. Here it is"
    " computed from a PARAM, and came out otherwise.",
    Example(
        "PROGRAM p(x: real) -> y\nPARAM s: real = 1.0\nIF x > 0 WITH STEEPNESS s THEN y := 1 END\n",
        "run {file} x=1 s=-1 --smooth 1",
    ),
)
E0614 = Code(
    "E0614",
    "intrinsic needs tensors",
    "The operations of `algonet_runtime` work on tensors. A program that calls one runs on tensors, of"
    " `whilec run` too, but cannot be followed step by step by `whilec trace`, which needs plain numbers.",
    Example("PROGRAM least(a: real[n]) -> y: real\nb := soft_sort(a)\ny := b[0]\n", "trace {file} a=[2,1]"),
)
E0620 = Code(
    "E0620",
    "an intrinsic refuses its arguments",
    "An option or an array is outside of what the operation is defined on: a count beyond the size of the"
    " array, say, or a quantile above 1. The message is that of the operation; `whilec explain` with its"
    " name shows its arguments.",
    Example("PROGRAM p(a: real[n]) -> y: real\ny := soft_quantile(a, 1.5)\n", "run {file} a=[2,1]"),
)


def beyond_cap(cap: int | None, head: Span) -> Diagnostic:
    """A loop of hard mode that still runs at `max_trips`."""
    return Diagnostic(
        E0606,
        f"loop ran beyond {cap} trips",
        Label(head, "its condition still holds"),
        help="raise `--max-trips`, or leave it out for no limit",
    )


def refused_by_intrinsic(message: str, span: Span | None, source: SourceFile | None = None) -> Diagnostic:
    """The message of an operation about its arguments, at the place of its call."""
    label = None if span is None else Label(span, "called here")
    return Diagnostic(E0620, message, label, help="see `whilec explain` with its name", source=source)


def fail(
    code: Code, title: str, span: Span, label: str = "", help: str | None = None, *notes: str
) -> NoReturn:
    """Stop the program with a diagnostic at `span`."""
    raise WhileError(Diagnostic(code, title, Label(span, label), help=help, notes=notes))
