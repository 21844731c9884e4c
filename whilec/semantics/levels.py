"""The core level: exactly the paper's grammar (language.md, section 1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, cast

from whilec.diagnostics.model import Code, Diagnostic, Example, Label
from whilec.source import SourceFile, Span
from whilec.syntax import ast

_CORE = "check --std core {file}"

CORE_DECLARATION = Code(
    "E0410",
    "a declaration in a core program",
    """
The core of the language has no header and no declarations: every variable is an int, starts at 0 unless
it is an input, and `x0` is the output. Leave the declaration out, or check the program as a full one
(without `--std core`).
""",
    Example("CONST two = 2\nx0 := x1\n", _CORE),
)
CORE_STATEMENT = Code(
    "E0411",
    "a statement that the core does not have",
    """
The core has two statements, assignments and WHILE. A LOOP becomes a WHILE that counts a copy of its number
down: `x9 := x1 WHILE x9 != 0 DO .. x9 := x9 - 1 END`. An IF becomes a WHILE over a copy whose body ends by
copying a variable that is always 0 into it, so that it runs at most once:
`x9 := x1 WHILE x9 != 0 DO .. x9 := x8 END`. A FOR becomes its body, written as often as it runs.
""",
    Example("x0 := x1\nIF x2 != 0 THEN x0 := x3 END\n", _CORE),
)
CORE_ASSIGNMENT = Code(
    "E0412",
    "an assignment that the core does not have",
    """
The core has three assignments: `xi := xj` with two different variables, `xi := xi + 1` and
`xi := xi - 1`. A sum is a loop that counts one variable up and another one down; a constant is reached by
adding 1 several times; 0 by counting down in a WHILE.
""",
    Example("x0 := x1 + x2\n", _CORE),
)
CORE_CONDITION = Code(
    "E0413",
    "a condition that the core does not have",
    """
The only condition of the core is `xi != 0`, without parentheses. A comparison of two variables is written
as their difference: count both down at the same time, and look at what is left.
""",
    Example("x0 := x1\nWHILE x0 > 0 DO x0 := x0 - 1 END\n", _CORE),
)
CORE_NAME = Code(
    "E0414",
    "a variable name that the core does not have",
    """
Variables of the core are called `x0`, `x1`, `x2` and so on, without leading zeros.
""",
    Example("x0 := total\n", _CORE),
)
CORE_EMPTY = Code(
    "E0415",
    "an empty program or body, which the core does not have",
    """
In the core a program, and the body of a WHILE, has at least one statement. An empty body never ends once
it is entered; an empty program can be written as `x0 := x0 + 1  x0 := x0 - 1`.
""",
    Example("x0 := x1\nWHILE x0 != 0 DO END\n", _CORE),
)

_VARIABLE = re.compile(r"x(0|[1-9][0-9]*)", re.ASCII)
_COMMENT = re.compile(r"(//|#).*")


def check_core(program: ast.Program, source: SourceFile) -> tuple[Diagnostic, ...]:
    """What a program uses beyond the core."""
    return tuple(_check(program, source))


def _check(program: ast.Program, source: SourceFile) -> Iterable[Diagnostic]:
    if program.header is not None:
        hint = "leave the header out; inputs are x1, x2, ..., and the output is x0"
        yield _diagnostic(CORE_DECLARATION, "the core has no PROGRAM header", program.header.span, hint)
    if not program.items:
        yield _diagnostic(CORE_EMPTY, "the core has no empty programs", program.span, "write a statement")
    yield from _block(program.items, source)


def _block(items: Iterable[ast.Item], source: SourceFile) -> Iterable[Diagnostic]:
    pending = list(items)[::-1]
    while pending:
        item = pending.pop()
        rule = _RULES.get(type(item))
        if rule is None:
            title, hint = _DECLARATIONS[type(item)]
            yield _diagnostic(CORE_DECLARATION, title, item.span, hint)
            continue
        yield from rule(item, source)
        pending += _inner(item)[::-1]


def _inner(item: ast.Item) -> list[ast.Stmt]:
    match item:
        case ast.While() | ast.Loop() | ast.For():
            return list(item.body)
        case ast.If():
            return [s for branch in item.branches for s in branch.body] + list(item.orelse or ())
        case _:
            return []


def _while(item: ast.While, source: SourceFile) -> Iterable[Diagnostic]:
    condition = item.condition
    match condition:
        case ast.Compare(op="!=", left=ast.Name() as name, right=ast.Number(value=int(0)), steepness=None):
            yield from _name(name)
            yield from _parentheses(CORE_CONDITION, item.head, source)
        case _:
            hint = _COMPARE_HINT.get(condition.op) if isinstance(condition, ast.Compare) else None
            yield _diagnostic(
                CORE_CONDITION,
                "the core's only condition is `x != 0`, with a variable x",
                condition.span,
                hint or "compute a variable that is 0 when the loop should end, and write `WHILE x != 0`",
            )
    if not item.body:
        hint = "write a statement that brings the variable to 0, such as `x := x - 1`"
        yield _diagnostic(CORE_EMPTY, "the core has no empty bodies", item.span, hint)


_COMPARE_HINT: Mapping[str, str] = {
    ">": "count a copy of both sides down together, and loop while the left one is not 0",
    "<": "count a copy of both sides down together, and loop while the right one is not 0",
}


def _assign(item: ast.Assign, source: SourceFile) -> Iterable[Diagnostic]:
    target, *others = item.targets
    if others:
        hint = "assign one after the other, with a spare variable where values change places"
        yield _diagnostic(CORE_ASSIGNMENT, "the core has no parallel assignment", item.span, hint)
        return
    value = item.values[0]
    if not isinstance(target, ast.Name):
        hint = "use one variable for each element"
        yield _diagnostic(CORE_ASSIGNMENT, "the core has no arrays", target.span, hint)
        return
    yield from _name(target)
    match value:
        case ast.Name():
            yield from _name(value)
            if value.id == target.id:
                hint = "leave the statement out: it changes nothing"
                title = "in the core both sides of `:=` are different variables"
                yield _diagnostic(CORE_ASSIGNMENT, title, item.span, hint)
        case ast.Binary(op="+" | "-", left=ast.Name() as left, right=ast.Number(value=int(1))) if _is_one(
            value.right
        ):
            yield from _name(left)
            if left.id != target.id:
                copy, step = f"{target.id} := {left.id}", f"{target.id} := {target.id} {value.op} 1"
                hint = f"write `{copy}` and then `{step}`"
                title = (
                    f"the core adds and subtracts 1 in place only: `{target.id} := {target.id} {value.op} 1`"
                )
                yield _diagnostic(CORE_ASSIGNMENT, title, item.span, hint)
        case _:
            yield _diagnostic(
                CORE_ASSIGNMENT,
                "the core has only `x := y`, `x := x + 1` and `x := x - 1`",
                value.span,
                _rewriting(target, value),
            )
            return
    yield from _parentheses(CORE_ASSIGNMENT, item.span, source)


def _is_one(value: ast.Expr) -> bool:
    return isinstance(value, ast.Number) and isinstance(value.value, int) and value.value == 1


def _rewriting(target: ast.Name, value: ast.Expr) -> str:
    """How the core says what an assignment says."""
    x = target.id
    match value:
        case ast.Number(value=0):
            return f"count down: `WHILE {x} != 0 DO {x} := {x} - 1 END`"
        case ast.Number():
            return f"set `{x}` to 0 by a loop, then add 1 as often as needed"
        case ast.Binary(op="+" | "-", left=ast.Name(), right=ast.Number()):
            return f"repeat `{x} := {x} {value.op} 1`"
        case ast.Binary(op="+" | "-"):
            loop = f"WHILE y != 0 DO {x} := {x} {value.op} 1 y := y - 1 END"
            return f"copy the second operand to a spare y and count it down: `{loop}`"
        case ast.Binary(op="*"):
            return "add the one factor as often as the other says, with two nested WHILE loops"
        case ast.Index():
            return "use one variable for each element"
        case _:
            return "compute it with WHILE loops that count by 1"


def _other(title: str, hint: str) -> _Rule:
    def report(item: ast.Item, source: SourceFile) -> Iterable[Diagnostic]:
        span = item.branches[0].head if isinstance(item, ast.If) else getattr(item, "head", item.span)
        yield _diagnostic(CORE_STATEMENT, title, span, hint)

    return report


def _name(name: ast.Name) -> Iterable[Diagnostic]:
    if not _VARIABLE.fullmatch(name.id):
        title = f"`{name.id}` is not a variable of the core"
        yield _diagnostic(CORE_NAME, title, name.span, "call it x1, x2, ...; x0 is the output")


def _parentheses(code: Code, span: Span, source: SourceFile) -> Iterable[Diagnostic]:
    if "(" in _COMMENT.sub("", source.snippet(span)):
        yield _diagnostic(code, "the core has no parentheses", span, "leave the parentheses out")


def _diagnostic(code: Code, title: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic(code, title, Label(span, "not in the core"), help=hint)


_Rule: TypeAlias = Callable[[ast.Item, SourceFile], Iterable[Diagnostic]]
_RULES: Mapping[type, _Rule] = {
    ast.Assign: cast("_Rule", _assign),
    ast.While: cast("_Rule", _while),
    ast.If: _other(
        "the core has no IF", "write `x9 := x1 WHILE x9 != 0 DO .. x9 := x8 END`, where x8 is always 0"
    ),
    ast.Loop: _other(
        "the core has no LOOP",
        "copy the count to a spare variable and write `WHILE x != 0 DO .. x := x - 1 END`",
    ),
    ast.For: _other("the core has no FOR", "repeat the body, or count a variable down in a WHILE"),
}
_DECLARATIONS: Mapping[type, tuple[str, str]] = {
    ast.Const: ("the core has no CONST", "reach the number by adding 1 several times"),
    ast.Param: ("the core has no PARAM", "make it an input"),
    ast.Require: ("the core has no REQUIRE", "leave it out"),
    ast.Var: ("the core has no VAR", "leave it out: every variable starts at 0"),
    ast.Def: ("the core has no DEF", "write the statements where they are needed"),
}
