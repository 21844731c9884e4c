"""Python statements to those of the language."""

from __future__ import annotations

import ast as python
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, final

from whilec.diagnostics.model import Code, Label
from whilec.source import Span
from whilec.syntax import ast
from whilec.syntax.python import outside
from whilec.syntax.python.counters import LOOP
from whilec.syntax.python.example import decorated
from whilec.syntax.python.expressions import Expressions
from whilec.syntax.python.foreign import STATEMENT, report_statement
from whilec.syntax.python.ranges import Bounds, Count, read_range
from whilec.syntax.python.signature import OUTPUT
from whilec.syntax.python.unit import Unit

DECLARATION = Code(
    "E0153",
    "a declaration where none can stand",
    """
An annotation such as `t: whilec.Real["n"] = 0.0` declares a variable of the program with its type and start
value. A program has its declarations at the top, so the annotation stands in the function's outermost block,
before the variable is used, and only once.
""",
    decorated("y = 0\nfor i in range(3):\n    t: whilec.Real = 0.0\n    y = y + t\nreturn y"),
)


ORDER = Code(
    "E0154",
    "a parallel assignment whose order matters in Python",
    """
In `i, a[i] = 1, x` Python assigns `i` first and then uses the new `i` as the index. The language evaluates
all values and all indices before it assigns anything. So that the program means what the function means,
write such an assignment as two.
""",
    decorated("i = 0\ni, a[i] = 1, 2.0\nreturn a", 'def f(a: whilec.Real["n"]):'),
)


@final
class Statements:
    """Translates the statements of one function."""

    def __init__(self, unit: Unit, expressions: Expressions) -> None:
        self._unit = unit
        self._expressions = expressions
        self._rules: Mapping[type, Callable[[Any], ast.Stmt | None]] = {
            python.Assign: self._assign,
            python.AugAssign: self._augmented,
            python.AnnAssign: self._declaration,
            python.While: self._while,
            python.For: self._for,
            python.If: self._if,
            python.Pass: lambda _: None,
            python.Return: self._early_return,
            python.Expr: self._lone_expression,
        }

    def block(self, nodes: Iterable[python.stmt]) -> tuple[ast.Stmt, ...]:
        """The statements of a block."""
        found = (self.statement(node) for node in nodes)
        return tuple(statement for statement in found if statement is not None)

    def statement(self, node: python.stmt) -> ast.Stmt | None:
        """One statement; None where nothing is left of it."""
        rule = self._rules.get(type(node))
        if rule is not None:
            return rule(node)
        report_statement(self._unit, node)
        for block in _inner_blocks(node):
            self.block(block)
        return None

    # ---- assignments

    def _assign(self, node: python.Assign) -> ast.Stmt | None:
        unit = self._unit
        if len(node.targets) > 1:
            unit.report(
                STATEMENT,
                "an assignment has one left side",
                node.targets[1],
                "another one",
                "write two assignments, or `x, y = 0, 0`",
            )
            return None
        first = node.targets[0]
        written = first.elts if isinstance(first, python.List) else _parts(first)
        targets = [self._target(each) for each in written]
        values = tuple(self._expressions.translate(each) for each in _parts(node.value))
        if any(target is None for target in targets):
            return None
        self._check_order(written)
        kept = tuple(target for target in targets if target is not None)
        return ast.Assign(kept, values, span=unit.span(node))

    def _augmented(self, node: python.AugAssign) -> ast.Stmt | None:
        target = self._target(node.target)
        value = self._expressions.translate(node.value)
        if target is None:
            return None
        result = self._expressions.operation(node, node.op, target, value)
        return ast.Assign((target,), (result,), span=self._unit.span(node))

    def _target(self, node: python.expr) -> ast.Target | None:
        unit = self._unit
        if isinstance(node, python.Name):
            return unit.name_at(node.id, node)
        if isinstance(node, python.Subscript):
            found = self._expressions.index(node)
            return found if isinstance(found, ast.Index) else None
        is_nested = isinstance(node, python.Tuple | python.List)
        unit.report(
            STATEMENT,
            "tuples are not nested" if is_nested else "only variables and elements of arrays are assigned",
            node,
            "a tuple inside a tuple" if is_nested else "not a variable",
            "write `x = ...`, `a[i] = ...` or `x, y = ...`",
        )
        return None

    def _check_order(self, targets: Sequence[python.expr]) -> None:
        """Report an index that uses a variable which Python has assigned just before."""
        before: dict[str, python.expr] = {}
        for target in targets:
            base = _base(target)
            for part in python.walk(target):
                if isinstance(part, python.Name) and part is not base and part.id in before:
                    self._unit.report(
                        ORDER,
                        f"Python would use the new `{part.id}` as an index here",
                        part,
                        "the new value in Python, the old one in the language",
                        "write two assignments",
                        labels=(Label(self._unit.places.span(before[part.id]), "assigned first"),),
                    )
            if isinstance(base, python.Name):
                before.setdefault(base.id, target)

    def _declaration(self, node: python.AnnAssign) -> None:
        self._unit.report(
            DECLARATION,
            "a variable is declared in the outermost block of the function",
            node,
            "inside a loop or a choice",
            "move the declaration up, and only assign here",
        )

    # ---- loops and choices

    def _while(self, node: python.While) -> ast.Stmt:
        self._refuse_else(node)
        condition = self._expressions.translate(node.test)
        head = self._head(node, node.test)
        return ast.While(condition, self.block(node.body), head=head, span=self._unit.span(node))

    def _for(self, node: python.For) -> ast.Stmt | None:
        unit = self._unit
        found = self._range(node)
        self._refuse_else(node)
        target = node.target
        if found is None or not isinstance(target, python.Name):
            names = [part.id for part in python.walk(target) if isinstance(part, python.Name)]
            unit.counters += names
            self.block(node.body)
            del unit.counters[len(unit.counters) - len(names) :]
            return None
        head = self._head(node, node.iter)
        if isinstance(found, Bounds):
            unit.counters.append(target.id)
            body = self.block(node.body)
            unit.counters.pop()
            variable = unit.name_at(target.id, target)
            start, stop, step = found.start, found.stop, found.step
            return ast.For(variable, start, stop, step, body, head=head, span=unit.span(node))
        unit.uncounted.append((target.id, unit.places.span(node.iter)))
        body = self.block(node.body)
        unit.uncounted.pop()
        return ast.Loop(found.trips, body, head=head, span=unit.span(node))

    def _range(self, node: python.For) -> Bounds | Count | None:
        """What the loop goes over; None after a reported error."""
        unit, called = self._unit, node.iter
        is_call = isinstance(called, python.Call)
        if not is_call or outside.callee(called.func, unit.namespace) != outside.Special("range"):
            help_ = "write `for i in range(len(a)):` and use `a[i]`"
            unit.report(LOOP, "a `for` loop goes over a `range`", called, "not a range", help_)
            return None
        if not isinstance(node.target, python.Name):
            help_ = "write `for i in range(n):`"
            unit.report(LOOP, "a loop has one variable", node.target, "not a name", help_)
            return None
        return read_range(unit, self._expressions, called)

    def _if(self, node: python.If) -> ast.Stmt:
        unit = self._unit
        branches: list[ast.Branch] = []
        last = node
        while True:
            condition = self._expressions.translate(last.test)
            body = self.block(last.body)
            head = self._head(last, last.test)
            span = head if unit.moved is not None else head.to(unit.places.span(last.body[-1]))
            branches.append(ast.Branch(condition, body, head=head, span=span))
            following = last.orelse[0] if len(last.orelse) == 1 else None
            # `elif` and an `if` inside `else` differ in the column only.
            if not isinstance(following, python.If) or following.col_offset != node.col_offset:
                break
            last = following
        orelse = self.block(last.orelse) if last.orelse else None
        return ast.If(tuple(branches), orelse, span=unit.span(node))

    def _refuse_else(self, node: python.While | python.For) -> None:
        if node.orelse:
            self._unit.report(
                STATEMENT,
                "a loop has no `else`",
                node.orelse[0],
                "in the `else` of a loop",
                "write the statements after the loop",
            )
            self.block(node.orelse)

    # ---- what is none

    def _early_return(self, node: python.Return) -> None:
        self._unit.report(
            OUTPUT,
            "a program is not left early",
            node,
            "not the last statement of the function",
            "assign to the output in each arm of an `if`, and return it at the end",
        )

    def _lone_expression(self, node: python.Expr) -> None:
        match node.value:
            case python.Constant(value=str()):
                title, help_ = "there are no texts", "write a comment, after `#`"
            case python.Constant(value=value) if value is ...:
                title, help_ = "`...` is no statement", "write `pass`"
            case python.Call():
                known = len(self._unit.parts.problems)
                self._expressions.translate(node.value)
                if len(self._unit.parts.problems) > known:
                    return
                title, help_ = "the value of the call is not used", "assign it: `y = f(x)`"
            case python.Yield() | python.YieldFrom() | python.Await() | python.NamedExpr():
                self._expressions.translate(node.value)
                return
            case _:
                title, help_ = "the value of the expression is not used", "assign it to a variable"
        self._unit.report(STATEMENT, title, node, "does nothing", help_)

    def _head(self, node: python.stmt, last: python.expr) -> Span:
        return self._unit.places.head(node, last) if self._unit.moved is None else self._unit.moved


def _inner_blocks(node: python.stmt) -> Iterator[list[python.stmt]]:
    """The blocks of a statement outside of the language, which may have problems of their own."""
    if isinstance(node, python.FunctionDef | python.AsyncFunctionDef | python.ClassDef):
        return
    for part in python.iter_child_nodes(node):
        if isinstance(part, python.excepthandler | python.match_case):
            yield part.body  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, [])


def _parts(node: python.expr) -> list[python.expr]:
    return node.elts if isinstance(node, python.Tuple) else [node]


def _base(node: python.expr) -> python.expr:
    while isinstance(node, python.Subscript):
        node = node.value
    return node
