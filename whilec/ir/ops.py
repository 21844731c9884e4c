"""Every operation of the IR: one row each.

Shapes: `n` is any number or array, `s` a scalar number; elementwise operations take operands of
one shape (a scalar meets an array through `spread`). Sources of the formulas: language.md of the
documentation, "Modes" and "Path weights".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from whilec.ir.node import Node, Stage
from whilec.ir.types import DEGREE, MASK, NUMBER, Kind, Shape, Type

ResultRule: TypeAlias = Callable[[Node], tuple[Type, ...] | None]
"""The types of the results; None: any (they are those of the regions)."""


@final
@dataclass(frozen=True)
class Operation:
    """What holds for one operation.

    Args:
        operands: Kind of each operand: `n` number of any shape, `s` scalar number, `d` degree, `m`
            mask, `x` any; a last letter with `*` may be repeated.
        results: The rule for the results' types.
        doc: One line.
        attrs: Names of the attributes.
        regions: Names of the regions.
        last: The last stage that accepts it.
        first: The first stage that accepts it.
    """

    operands: str
    results: ResultRule
    doc: str
    attrs: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    first: Stage = Stage.SOFT
    last: Stage = Stage.FLAT


def _scalar(node: Node) -> tuple[Type, ...]:
    return (NUMBER,)


def _degree(node: Node) -> tuple[Type, ...]:
    return (DEGREE,)


def _mask(node: Node) -> tuple[Type, ...]:
    return (MASK,)


def _same(node: Node) -> tuple[Type, ...]:
    return (node.operands[0].type,)


def _second(node: Node) -> tuple[Type, ...]:
    return (node.operands[1].type,)


def _shaped(node: Node) -> tuple[Type, ...]:
    return (Type(Kind.NUMBER, node.attrs["shape"]),)


def _element(node: Node) -> tuple[Type, ...]:
    array = node.operands[0].type.shape
    indexed = len(node.attrs["position"])
    return (Type(Kind.NUMBER, array[indexed:]),)


def _matmul(node: Node) -> tuple[Type, ...]:
    left, right = (operand.type.shape for operand in node.operands)
    shape: Shape = left[:-1] + right[1:]
    return (Type(Kind.NUMBER, shape),)


def _of_regions(node: Node) -> None:
    return None


def _elementwise(operands: str, doc: str, *attrs: str) -> Operation:
    return Operation(operands, _same, doc, attrs)


OPERATIONS: Mapping[str, Operation] = {
    # constants
    "constant": Operation("", _scalar, "A number.", ("value",)),
    "number": Operation("", _scalar, "A static integer as a number.", ("static",)),
    "setting": Operation("", _scalar, "`steepness` or `compare_steepness` of the call.", ("which",)),
    "one": Operation("", _degree, "The path weight of statements that always run."),
    "truth": Operation("", _degree, "The degree 0 or 1 of a static condition.", ("static",)),
    "target_weight": Operation("", _scalar, "Trainable weight of an assignment target.", ("target",)),
    "target_bias": Operation("", _scalar, "Trainable bias of an assignment target.", ("target",)),
    # arithmetic, elementwise
    "add": _elementwise("nn", "a + b."),
    "subtract": _elementwise("nn", "a - b."),
    "multiply": _elementwise("nn", "a * b."),
    "divide": _elementwise("nn", "a / b by IEEE 754."),
    "negate": _elementwise("n", "-a."),
    "sqrt": _elementwise("n", "The square root."),
    "exp": _elementwise("n", "The exponential."),
    "log": _elementwise("n", "The natural logarithm."),
    "sin": _elementwise("n", "The sine."),
    "cos": _elementwise("n", "The cosine."),
    "tan": _elementwise("n", "The tangent."),
    "tanh": _elementwise("n", "The hyperbolic tangent."),
    "sigmoid": _elementwise("n", "The logistic function."),
    "power": _elementwise("nn", "a to the power b."),
    # relaxed functions, elementwise; the last operand is the steepness
    "soft_max": _elementwise("nns", "The larger of two; form `monotone` or `blend`.", "family", "form"),
    "soft_min": _elementwise("nns", "The smaller of two; form `monotone` or `blend`.", "family", "form"),
    "soft_abs": _elementwise("ns", "(2 step(x) - 1) x.", "family"),
    "soft_sign": _elementwise("ns", "2 step(x) - 1.", "family"),
    # arrays
    "spread": Operation("s", _shaped, "A scalar, to meet arrays of a shape elementwise.", ("shape",)),
    "fill": Operation("s", _shaped, "An array of equal numbers.", ("shape",)),
    "pick": Operation("n", _element, "The element or sub-array at a static position.", ("position",)),
    "put": Operation("nnd", _same, "An array with a value blended in at a static position.", ("position",)),
    "read": Operation(
        "nss*",
        _element,
        "The weighted element at soft indices: operands array, steepness, indices; a static integer"
        " in `position` is an exact index, None the next operand.",
        ("position", "family"),
    ),
    "write": Operation(
        "nndss*",
        _same,
        "An array with a value blended in at soft indices: array, value, weight, steepness, indices.",
        ("position", "family"),
    ),
    "sum": Operation("n", _scalar, "The sum of all elements."),
    "mean": Operation("n", _scalar, "The mean of all elements."),
    "dot": Operation("nn", _scalar, "The inner product of two vectors."),
    "matmul": Operation("nn", _matmul, "The product of matrices and vectors."),
    # degrees; the last operand of the first three is the steepness
    "differs": Operation("ss", _degree, "phi(x), the degree to which x != 0.", ("family",)),
    "equals": Operation("ss", _degree, "1 - phi(x), the degree to which x = 0.", ("family",)),
    "exceeds": Operation("ss", _degree, "step(x), the degree to which x > 0.", ("family",)),
    "not": Operation("d", _degree, "1 - a."),
    "and": Operation(
        "d", _degree, "a b; the right side runs where a is not 0.", regions=("right",), last=Stage.BOUNDED
    ),
    "or": Operation(
        "d",
        _degree,
        "a + b - a b; the right side runs where a is not 1.",
        regions=("right",),
        last=Stage.BOUNDED,
    ),
    "real": Operation("d", _scalar, "A degree as a number."),
    "checked_steepness": Operation("s", _scalar, "A steepness, which must be finite and above 0."),
    # path weights
    "blend": Operation("nnd", _same, "(1 - p) old + p new; operands old, new, p."),
    "increment": Operation("nnd", _same, "old + p change; operands old, change, p."),
    "saturate": Operation(
        "nds", _same, "old less a natural number, stopping at 0: old, p, steepness.", ("count", "family")
    ),
    # choices and loops
    "choice": Operation(
        "d",
        _of_regions,
        "Both arms from the same state, blended by the degree.",
        ("epsilon",),
        ("then", "orelse"),
        last=Stage.BOUNDED,
    ),
    "static_choice": Operation(
        "",
        _of_regions,
        "The arm that a static truth takes.",
        ("truth",),
        ("then", "orelse"),
        last=Stage.BOUNDED,
    ),
    "while": Operation(
        "dn*",
        _of_regions,
        "The body while its path weight lasts, in a run of at most `trips` trips; operands weight, state."
        " The condition has the parameters trip, state; the body weight, trip, state.",
        ("loop", "semantics", "epsilon", "trips"),
        ("condition", "body"),
        last=Stage.SOFT,
    ),
    "repeat": Operation(
        "dn*",
        _of_regions,
        "A `while` that a backend runs for at most `trips` trips.",
        ("loop", "semantics", "epsilon", "trips"),
        ("condition", "body"),
        first=Stage.BOUNDED,
        last=Stage.BOUNDED,
    ),
    "for": Operation(
        "n*",
        _of_regions,
        "The body once per value of its first parameter, from start to stop.",
        ("start", "stop", "step"),
        ("body",),
        last=Stage.BOUNDED,
    ),
    "call": Operation(
        "n*", _of_regions, "The results of a function of the program.", ("function",), last=Stage.BOUNDED
    ),
    "intrinsic": Operation(
        "n*",
        _of_regions,
        "The results of an operation of `algonet_runtime`; `names` are those of the operands,"
        " `option_names` those of the numbers and words `options`.",
        ("function", "names", "option_names", "options"),
    ),
    # masks: straight-line loops and choices
    "cut": Operation("d", _degree, "0 up to `epsilon`, else q; NaN stays.", ("epsilon",), first=Stage.FLAT),
    "settle": Operation(
        "d", _degree, "0 up to `epsilon`, 1 from 1 - `epsilon`, else d.", ("epsilon",), first=Stage.FLAT
    ),
    "product": Operation("dd", _degree, "p q.", first=Stage.FLAT),
    "both": Operation("dd", _degree, "a b, decided by a = 0.", first=Stage.FLAT),
    "either": Operation("dd", _degree, "a + b - a b, decided by a = 1.", first=Stage.FLAT),
    "is_positive": Operation("d", _mask, "p > 0.", first=Stage.FLAT),
    "is_above_zero": Operation("d", _mask, "Whether d is not 0.", first=Stage.FLAT),
    "is_below_one": Operation("d", _mask, "Whether d is not 1.", first=Stage.FLAT),
    "is_nan": Operation("d", _mask, "Whether p is NaN.", first=Stage.FLAT),
    "all_of": Operation("mm", _mask, "a and b.", first=Stage.FLAT),
    "any_of": Operation("mm", _mask, "a or b.", first=Stage.FLAT),
    "select": Operation("mxx", _second, "a where the mask holds, else b.", first=Stage.FLAT),
    "gate": Operation("md", _degree, "A path weight, and 0 outside of the mask.", first=Stage.FLAT),
    "void": Operation("mn", _second, "NaN where the mask holds, else a.", first=Stage.FLAT),
    "scale": Operation("nd", _same, "p x, and 0 where p is 0.", first=Stage.FLAT),
    "plus": Operation("nn", _same, "a + b, of weighted states.", first=Stage.FLAT),
}
"""Every operation by name."""
