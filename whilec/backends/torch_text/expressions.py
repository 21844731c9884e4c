"""The text of every operation without regions: one row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from whilec.ir.node import Node
from whilec.ir.static import Apply, Counter, Static
from whilec.ir.types import Value

Name: TypeAlias = Callable[[Value], str]
"""The text of an operand."""

TEMPLATES: Mapping[str, str] = {
    "number": "float({static})",
    "truth": "float({static})",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "multiply({0}, {1})",
    "divide": "divide({0}, {1})",
    "negate": "-{0}",
    "sqrt": "sqrt({0})",
    "exp": "exp({0})",
    "log": "log({0})",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "tan": "tan({0})",
    "tanh": "tanh({0})",
    "sigmoid": "sigmoid({0})",
    "power": "power({0}, {1})",
    "soft_max": "soft_max({0}, {1}, {2}, relaxation, {form})",
    "soft_min": "soft_min({0}, {1}, {2}, relaxation, {form})",
    "soft_abs": "soft_abs({0}, {1}, relaxation)",
    "soft_sign": "soft_sign({0}, {1}, relaxation)",
    "spread": "spread({0}, {shape})",
    "fill": "fill({0}, {shape}, rows)",
    "pick": "pick({0}, {position})",
    "put": "put({0}, {1}, {2}, {position})",
    "read": "read({operands}, position={position}, relaxation=relaxation)",
    "write": "write({operands}, position={position}, relaxation=relaxation)",
    "sum": "reduce_sum({0})",
    "mean": "reduce_mean({0})",
    "dot": "dot({0}, {1})",
    "matmul": "matmul({0}, {1})",
    "differs": "relaxation.differs({0}, {1})",
    "equals": "relaxation.equals({0}, {1})",
    "exceeds": "relaxation.exceeds({0}, {1})",
    "not": "1.0 - {0}",
    "real": "{0}",
    "checked_steepness": "checked_steepness({0})",
    "blend": "blend({0}, {1}, {2})",
    "increment": "increment({0}, {1}, {2})",
    "saturate": "saturate({0}, {1}, {2}, {count}, relaxation)",
    "intrinsic": "run.intrinsic({function}, {names}, ({operands},), {option_names}, {options})",
    "cut": "cut({0}, {epsilon})",
    "settle": "settle({0}, {epsilon})",
    "product": "{0} * {1}",
    "both": "both({0}, {1})",
    "either": "either({0}, {1})",
    "is_positive": "is_positive({0}, rows)",
    "is_above_zero": "is_above_zero({0}, rows)",
    "is_below_one": "is_below_one({0}, rows)",
    "is_nan": "is_nan({0}, rows)",
    "all_of": "{0} & {1}",
    "any_of": "{0} | {1}",
    "select": "select({0}, {1}, {2}, rows)",
    "gate": "gate({0}, {1}, rows)",
    "void": "void({0}, {1}, rows)",
    "scale": "scale({0}, {1})",
    "plus": "{0} + {1}",
}
"""Text by operation; `{0}` is the first operand, other names are attributes."""

INLINE = frozenset({"constant", "one", "setting", "target_weight", "target_bias"})
"""Operations whose result is written where it is used."""


def inline_text(node: Node) -> str:
    """A constant, or what the run knows."""
    match node.op:
        case "constant":
            return number_text(node.attrs["value"])
        case "one":
            return "1.0"
        case "setting":
            return f"run.{node.attrs['which']}"
        case _:
            return f"run.{node.op}({node.attrs['target']}, rows)"


def number_text(value: float) -> str:
    """A float, so that Python reads the same one."""
    text = repr(value)
    return f'float("{text}")' if text in ("inf", "-inf", "nan") else text


def expression(node: Node, name: Name) -> str:
    """The text that computes a node without regions."""
    operands = [name(operand) for operand in node.operands]
    if node.op == "multiply" and any(_is_number(operand) for operand in operands):
        return " * ".join(_tight(operand) for operand in operands)
    attrs = {key: attr_text(attr, name) for key, attr in node.attrs.items()}
    template = TEMPLATES[node.op]
    if template[0] == "{" or template[0] == "-" or " - {" in template:
        operands = [_tight(operand) for operand in operands]
    return template.format(*operands, operands=", ".join(operands), **attrs)


def _is_number(text: str) -> bool:
    return text[0].isdigit() or (text[0] == "-" and text[1:2].isdigit())


def _tight(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def attr_text(attr: Any, name: Name) -> str:
    """An attribute as Python text."""
    match attr:
        case tuple():
            items = cast("tuple[Any, ...]", attr)
            inside = ", ".join(attr_text(item, name) for item in items)
            return f"({inside},)" if len(items) == 1 else f"({inside})"
        case Counter() | Apply():
            return static_text(attr, name)
        case float():
            return number_text(attr)
        case _:
            return repr(attr)


_PYTHON = {"=": "==", "div": "//", "mod": "%"}
_INFIX = frozenset({"+", "-", "*", "=", "!=", "<", "<=", ">", ">=", "div", "mod", "and", "or"})
_CALLS = {"sign": "sign_of", "min": "min", "max": "max", "abs": "abs"}


def static_text(static: Static, name: Name) -> str:
    """A static integer or truth as Python text."""
    match static:
        case Counter():
            return name(static.value)
        case Apply() if static.function in _INFIX:
            left, right = (_operand(argument, name) for argument in static.arguments)
            return f"{left} {_PYTHON.get(static.function, static.function)} {right}"
        case Apply() if static.function in ("negate", "not"):
            sign = "-" if static.function == "negate" else "not "
            return sign + _operand(static.arguments[0], name)
        case Apply():
            arguments = ", ".join(static_text(argument, name) for argument in static.arguments)
            return f"{_CALLS[static.function]}({arguments})"
        case _:
            return repr(static)


def _operand(static: Static, name: Name) -> str:
    text = static_text(static, name)
    is_simple = isinstance(static, Counter) or (isinstance(static, int) and static >= 0)
    return text if is_simple else f"({text})"
