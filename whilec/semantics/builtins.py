"""The functions of the language: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import final


class KindRule(Enum):
    """Kind of a built-in's result."""

    REAL = "real"
    FOLLOWS = "follows"
    """The largest kind of its arguments."""
    STATIC = "static"
    """Takes static integers (`len`: an array) and gives one."""


class ShapeRule(Enum):
    """Which arguments a built-in takes, and the shape of its result."""

    ELEMENTWISE = "elementwise"
    """Scalars and arrays of one shape; gives that shape."""
    REDUCE = "reduce"
    """One array; gives a scalar over all its elements."""
    DOT = "dot"
    """Two vectors of one length; gives a scalar."""
    MATMUL = "matmul"
    """2-D by 2-D, 2-D by 1-D or 1-D by 2-D."""
    LENGTH = "length"
    """One array; gives the size of its first dimension."""
    SCALARS = "scalars"
    """Scalars only."""
    CONDITION = "condition"
    """One condition; gives a scalar."""


class SmoothnessRule(Enum):
    """How often a built-in can be differentiated (language.md, section 3)."""

    SMOOTH = "smooth"
    """C-infinity on its domain, in every mode."""
    STEP = "step"
    """Class C^k in mode k; a jump in hard mode."""
    KINK = "kink"
    """Class C^k in mode k; continuous in hard mode."""
    EXTREME = "extreme"
    """As KINK; of reals, except with bump, one class better (the monotone form)."""
    FREE = "free"
    """Static, or linear in a condition: adds nothing of its own."""


@final
@dataclass(frozen=True)
class BuiltinRule:
    """What the checker knows about one function.

    Args:
        parameters: Names of the positional arguments, for messages and documentation.
        kind: Kind of the result.
        shape: Which arguments it takes and the result's shape.
        smoothness: Its class.
        doc: One line.
        is_variadic: Whether the last parameter may be repeated.
        is_relaxed: Whether it follows the mode, and takes `steepness = e`.
        folds: Whether static arguments give a static result.
    """

    parameters: tuple[str, ...]
    kind: KindRule
    shape: ShapeRule
    smoothness: SmoothnessRule
    doc: str
    is_variadic: bool = False
    is_relaxed: bool = False
    folds: bool = False

    @property
    def usage(self) -> str:
        """The arguments as one types them: `(x, lo, hi)`."""
        more = ", ..." if self.is_variadic else ""
        return f"({', '.join(self.parameters)}{more})"


def _smooth(doc: str, *parameters: str) -> BuiltinRule:
    return BuiltinRule(parameters or ("x",), KindRule.REAL, ShapeRule.ELEMENTWISE, SmoothnessRule.SMOOTH, doc)


def _relaxed(
    doc: str, smoothness: SmoothnessRule, *parameters: str, is_variadic: bool = False
) -> BuiltinRule:
    shape = ShapeRule.ELEMENTWISE
    return BuiltinRule(
        parameters, KindRule.FOLLOWS, shape, smoothness, doc, is_variadic, is_relaxed=True, folds=True
    )


def _static(doc: str) -> BuiltinRule:
    return BuiltinRule(("a", "b"), KindRule.STATIC, ShapeRule.SCALARS, SmoothnessRule.FREE, doc)


_FOLLOWS = KindRule.FOLLOWS
_REAL = KindRule.REAL

BUILTINS: Mapping[str, BuiltinRule] = {
    # smooth themselves
    "sqrt": _smooth("The square root; x >= 0."),
    "exp": _smooth("The exponential function."),
    "log": _smooth("The natural logarithm; x > 0."),
    "sin": _smooth("The sine; x in radians."),
    "cos": _smooth("The cosine; x in radians."),
    "tan": _smooth("The tangent; x in radians."),
    "tanh": _smooth("The hyperbolic tangent."),
    "sigmoid": _smooth("The logistic function 1 / (1 + exp(-x))."),
    "pow": _smooth("x to the power y.", "x", "y"),
    # relaxed with the mode
    "min": _relaxed(
        "The smallest of two or more numbers.", SmoothnessRule.EXTREME, "a", "b", is_variadic=True
    ),
    "max": _relaxed(
        "The largest of two or more numbers.", SmoothnessRule.EXTREME, "a", "b", is_variadic=True
    ),
    "abs": _relaxed("The absolute value.", SmoothnessRule.KINK, "x"),
    "sign": _relaxed("-1, 0 or 1.", SmoothnessRule.STEP, "x"),
    "clamp": _relaxed("x, but at least lo and at most hi.", SmoothnessRule.EXTREME, "x", "lo", "hi"),
    # arrays
    "sum": BuiltinRule(
        ("a",), _FOLLOWS, ShapeRule.REDUCE, SmoothnessRule.SMOOTH, "The sum of all elements of an array."
    ),
    "mean": BuiltinRule(
        ("a",), _REAL, ShapeRule.REDUCE, SmoothnessRule.SMOOTH, "The mean of all elements of an array."
    ),
    "dot": BuiltinRule(
        ("a", "b"), _FOLLOWS, ShapeRule.DOT, SmoothnessRule.SMOOTH, "The inner product of two vectors."
    ),
    "matmul": BuiltinRule(
        ("a", "b"), _FOLLOWS, ShapeRule.MATMUL, SmoothnessRule.SMOOTH, "The product of matrices and vectors."
    ),
    "len": BuiltinRule(
        ("a",),
        KindRule.STATIC,
        ShapeRule.LENGTH,
        SmoothnessRule.FREE,
        "The size of an array's first dimension.",
    ),
    # static only
    "div": _static("The quotient of static integers, rounded down."),
    "mod": _static("The rest of that division; it has the sign of b."),
    # conditions
    "degree": BuiltinRule(
        ("c",),
        _REAL,
        ShapeRule.CONDITION,
        SmoothnessRule.FREE,
        "The degree of truth of a condition, in [0, 1].",
    ),
}
"""Every function of the language by name."""
