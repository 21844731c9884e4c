"""Shorter forms of the same: arithmetic on constants, neutral operands, signs, negations.

The rules on numbers are exact: the same bits for all operands, signs of zero and NaN included. So
x + 0 stays, which is 0 for x = -0, but before a comparison, which does not see the sign of zero. The
rules on degrees are right in real numbers, and up to rounding in others.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar, final

from whilec.ir.node import Node, Program, Region, Stage, walk
from whilec.ir.rewrite import Applied, Literal, Rewriter, Rule, Variable, applied, count_uses
from whilec.passes.base import AbstractPass, map_regions

_A, _B, _S, _X = (Variable(name) for name in "absx")
_ZERO, _MINUS_ZERO, _ONE = Literal(0.0), Literal(-0.0), Literal(1.0)


def _difference(a: Variable, b: Variable) -> Applied:
    return applied("subtract", a, b)


def _negated(x: Variable | Applied) -> Applied:
    return applied("negate", x)


_NUMBERS = (
    Rule("x + -0", applied("add", _X, _MINUS_ZERO), _X),
    Rule("-0 + x", applied("add", _MINUS_ZERO, _X), _X),
    Rule("x - 0", applied("subtract", _X, _ZERO), _X),
    Rule("x * 1", applied("multiply", _X, _ONE), _X),
    Rule("1 * x", applied("multiply", _ONE, _X), _X),
    Rule("x / 1", applied("divide", _X, _ONE), _X),
    Rule("-(-x)", _negated(_negated(_X)), _X),
    Rule("a - -b", applied("subtract", _A, _negated(_B)), applied("add", _A, _B)),
    Rule("a + -b", applied("add", _A, _negated(_B)), _difference(_A, _B)),
    Rule("-a + b", applied("add", _negated(_A), _B), _difference(_B, _A)),
    Rule("spread to a scalar", applied("spread", _X, shape=()), _X),
)


def _comparisons() -> Iterator[Rule]:
    """A comparison with x + 0 is one with x."""
    for op in ("differs", "equals", "exceeds"):
        yield Rule(f"{op}(x + 0)", applied(op, applied("add", _X, _ZERO), _S), applied(op, _X, _S))
        yield Rule(f"{op}(0 + x)", applied(op, applied("add", _ZERO, _X), _S), applied(op, _X, _S))


_DEGREES = (
    Rule("not not a", applied("not", applied("not", _A)), _A),
    Rule("not (x = 0)", applied("not", applied("equals", _X, _S)), applied("differs", _X, _S)),
    Rule("not (x != 0)", applied("not", applied("differs", _X, _S)), applied("equals", _X, _S)),
    Rule(
        "not (a - b > 0)",
        applied("not", applied("exceeds", _difference(_A, _B), _S)),
        applied("exceeds", _difference(_B, _A), _S),
    ),
    Rule("not (x > 0)", applied("not", applied("exceeds", _X, _S)), applied("exceeds", _negated(_X), _S)),
)

RULES: tuple[Rule, ...] = (*_NUMBERS, *_comparisons(), *_DEGREES)
"""Every rule; where two fit, the first is taken."""


def _quotient(a: float, b: float) -> float:
    return a / b if b else float("nan")


FOLDED: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": _quotient,
    "negate": operator.neg,
}
"""Operations that IEEE 754 rounds in one way only, so that every backend has the same number."""


def folded(node: Node, numbers: tuple[float, ...]) -> float | None:
    """An operation on constants; None for one that is not finite, or that backends may round."""
    if node.op not in FOLDED:
        return None
    number: float = FOLDED[node.op](*numbers)
    return number if isfinite(number) else None


_DECIDED = frozenset({"and", "or", "both", "either"})
"""Operations whose left side decides if it is exactly 0 or 1: it must keep its rounding."""


@final
@dataclass(frozen=True)
class Simplify(AbstractPass):
    """Apply `RULES`, compute with constants, merge equal ones; `DropUnused` clears up after it."""

    name: ClassVar[str] = "simplify"
    needs: ClassVar[tuple[Stage, ...]] = (Stage.SOFT, Stage.BOUNDED, Stage.FLAT)

    def run(self, program: Program) -> Program:
        """The program with shorter forms."""
        return map_regions(program, _simplified)


def _simplified(region: Region) -> Region:
    deciding = {node.operands[0] for node in walk(region) if node.op in _DECIDED}
    return Rewriter(RULES, folded, count_uses(region), deciding).region(region)
