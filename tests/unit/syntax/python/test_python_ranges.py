"""A FOR has the values of its `range`."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.format import format_ast
from whilec.syntax.parser import parse
from whilec.syntax.python import translate_source


def loop_of(bounds: str, head: str = "def f(x):", **constants: int) -> ast.Stmt:
    """The loop that `for i in range(bounds)` becomes."""
    text = f"{head}\n    for i in range({bounds}):\n        x = 1\n    return x\n"
    program = translate_source(SourceFile("module.py", text), "f", 1, constants)
    loop = program.items[-1]
    assert isinstance(loop, ast.For | ast.Loop)
    return loop


def value(expr: ast.Expr, names: dict[str, int]) -> int:
    """The value of a bound."""
    match expr:
        case ast.Number(value=int(number)):
            return number
        case ast.Name(id=name):
            return names[name]
        case ast.Negate(operand=operand):
            return -value(operand, names)
        case ast.Binary(op=op, left=left, right=right):
            first, second = value(left, names), value(right, names)
            return {"+": first + second, "-": first - second, "*": first * second}[op]
        case _:
            raise AssertionError(expr)


def values(loop: ast.Stmt, names: dict[str, int]) -> Iterable[int]:
    """What a FOR counts, as the language says it."""
    assert isinstance(loop, ast.For)
    start, stop = value(loop.start, names), value(loop.stop, names)
    step = 1 if loop.step is None else value(loop.step, names)
    return range(start, stop + (1 if step > 0 else -1), step)


BOUND = st.sampled_from(
    (
        "n",
        "n + 1",
        "n - 1",
        "1 + n",
        "2 * n",
        "n - 1 - m",
        "-n",
        "0 - m",
        "1 - n",
        "3",
        "-2",
        "0",
        "m + n",
        "-1 - m",
    )
)


@given(st.lists(BOUND, min_size=1, max_size=2), st.integers(-3, 3), st.integers(1, 5), st.integers(1, 5))
def test_values_are_those_of_python(bounds: list[str], step: int, n: int, m: int) -> None:
    if step and len(bounds) == 2:
        bounds = [*bounds, str(step)]
    text = ", ".join(bounds)
    loop = loop_of(text, 'def f(x, a: whilec.Real["n", "m"]):')
    assert list(values(loop, {"n": n, "m": m})) == list(eval(f"range({text})", {"n": n, "m": m}))


@pytest.mark.parametrize(
    ("bounds", "wanted"),
    [
        ("n", "FOR i FROM 0 TO n - 1 DO"),
        ("1, n + 1", "FOR i FROM 1 TO n DO"),
        ("n - 1 - 2 * n", "FOR i FROM 0 TO n - 2 - 2 * n DO"),
        ("1 - n", "FOR i FROM 0 TO -n DO"),
        ("1 + n", "FOR i FROM 0 TO n DO"),
        ("n - 1, -1, -1", "FOR i FROM n - 1 TO 0 STEP -1 DO"),
        ("n, 0, -2", "FOR i FROM n TO 1 STEP -2 DO"),
        ("n, 1, -k", "FOR i FROM n TO 2 STEP -k DO"),
        ("2 * n", "FOR i FROM 0 TO 2 * n - 1 DO"),
        ("0", "FOR i FROM 0 TO -1 DO"),
        ("len(a) // 2", "FOR i FROM 0 TO div(len(a), 2) - 1 DO"),
        ("min(n, 3)", "FOR i FROM 0 TO min(n, 3) - 1 DO"),
        ("k", "FOR i FROM 0 TO k - 1 DO"),
        ("x", "LOOP x DO"),
        ("1, x", "LOOP x - 1 DO"),
        ("0, x", "LOOP x DO"),
        ("len(a) * x", "LOOP len(a) * x DO"),
    ],
)
def test_heads(bounds: str, wanted: str) -> None:
    loop = loop_of(bounds, 'def f(x, a: whilec.Real["n"]):', k=2)
    program = ast.Program(None, (loop,), span=loop.span)
    assert format_ast(program).splitlines()[0] == wanted
    assert parse(SourceFile("p.while", format_ast(program))).program == program
