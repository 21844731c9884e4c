"""The IR as text, for readers and golden tests; equal programs have equal texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast, final

from whilec.ir.node import Node, Program, Region
from whilec.ir.ops import OPERATIONS
from whilec.ir.static import Apply, Counter, Static
from whilec.ir.types import NUMBER, Value


def program_text(program: Program) -> str:
    """The whole program; source places are left out."""
    writer = _Writer()
    lines = [f"stage {program.stage.name.lower()}", ""]
    for function in program.functions.values():
        lines += [*writer.function(f"function {function.name}", function.body), ""]
    names = ", ".join(program.outputs)
    return "\n".join([*lines, *writer.function(f"program {program.name} -> {names}", program.body), ""])


_INFIX = {"+", "-", "*", "=", "!=", "<", "<=", ">", ">=", "and", "or"}


@final
class _Writer:
    def __init__(self) -> None:
        self._names: dict[Value, str] = {}
        self._taken: dict[str, int] = {}

    def function(self, head: str, region: Region) -> list[str]:
        self._names, self._taken = {}, {}
        return [f"{head}({self._parameters(region.parameters)})", *self._body(region, 1)]

    def _parameters(self, values: Iterable[Value]) -> str:
        return ", ".join(
            self._name(value) + ("" if value.type == NUMBER else f": {value.type}") for value in values
        )

    def _body(self, region: Region, depth: int) -> list[str]:
        indent = "  " * depth
        lines: list[str] = []
        for node in region.nodes:
            lines.append(indent + self._head(node))
            for name, inner in zip(OPERATIONS[node.op].regions, node.regions, strict=True):
                lines.append(f"{indent}  {name}({self._parameters(inner.parameters)})")
                lines += self._body(inner, depth + 2)
        return [*lines, f"{indent}-> {', '.join(map(self._name, region.results))}".rstrip()]

    def _head(self, node: Node) -> str:
        operands = ", ".join(map(self._name, node.operands))
        attrs = " ".join(f"{name}={self._attr(value)}" for name, value in node.attrs.items())
        results = self._parameters(node.results)
        text = " ".join(part for part in (node.op, operands, f"[{attrs}]" if attrs else "") if part)
        return f"{results} = {text}" if results else text

    def _attr(self, attr: Any) -> str:
        if isinstance(attr, tuple):
            return f"({', '.join(map(self._attr, cast('tuple[Any, ...]', attr)))})"
        if isinstance(attr, Counter | Apply):
            return self._static(attr)
        return "_" if attr is None else str(attr)

    def _static(self, static: Static) -> str:
        match static:
            case Counter():
                return self._name(static.value)
            case Apply() if static.function in _INFIX:
                left, right = (self._operand(argument) for argument in static.arguments)
                return f"{left} {static.function} {right}"
            case Apply():
                return f"{static.function}({', '.join(map(self._static, static.arguments))})"
            case _:
                return str(static)

    def _operand(self, static: Static) -> str:
        text = self._static(static)
        is_nested = isinstance(static, Apply) and static.function in _INFIX
        return f"({text})" if is_nested else text

    def _name(self, value: Value) -> str:
        known = self._names.get(value)
        if known is None:
            count = self._taken.get(value.name, 0)
            self._taken[value.name] = count + 1
            known = self._names[value] = f"%{value.name}{f'.{count}' if count or not value.name else ''}"
        return known
