"""A program of stage BOUNDED or FLAT as Python text."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import final

from whilec.backends.torch_text.expressions import INLINE, attr_text, expression, inline_text, static_text
from whilec.backends.torch_text.names import Names
from whilec.ir.node import Function, Node, Program, Region, free_values, used_values, walk
from whilec.ir.types import Value
from whilec.source import Span

MAX_NESTING = 8
"""Python allows 20 loops within each other; deeper ones become functions."""


@final
@dataclass(frozen=True)
class Text:
    """Emitted Python.

    Args:
        lines: Of the functions; the last one is `program`.
        spans: The source text that every line comes from.
    """

    lines: tuple[str, ...]
    spans: tuple[Span | None, ...]


def emit(program: Program, reserved: Iterable[str]) -> Text:
    """The functions of a program, `program(run, rows, *parameters, *inputs)` last.

    Args:
        program: Of stage BOUNDED or FLAT.
        reserved: Names that the text uses otherwise: those of the library.
    """
    emitter = _Emitter(reserved)
    for function in program.functions.values():
        emitter.functions[function.name] = emitter.names.unique(f"def_{function.name}")
        emitter.unit(emitter.functions[function.name], function)
    emitter.unit("program", Function("", program.body))
    lines = [line for part in emitter.finished for line in part.lines]
    spans = [span for part in emitter.finished for span in part.spans]
    return Text(tuple(lines), tuple(spans))


@final
@dataclass
class _Part:
    """One function under construction."""

    lines: list[str] = field(default_factory=list[str])
    spans: list[Span | None] = field(default_factory=list["Span | None"])
    depth: int = 1

    def add(self, text: str, span: Span | None) -> None:
        self.lines.append("    " * self.depth + text if text else "")
        self.spans.append(span)


_FIRST = ("run", "rows")
"""Names of the first values that every part captures."""


@final
class _Emitter:
    def __init__(self, reserved: Iterable[str]) -> None:
        self.names = Names([*reserved, *_FIRST, "program", "relaxation", *dir(builtins)])
        self.functions: dict[str, str] = {}
        self.finished: list[_Part] = []
        self._inline: dict[Value, str] = {}
        self._used: frozenset[Value] = frozenset()

    # functions

    def unit(self, name: str, function: Function) -> None:
        """The program, or a DEF."""
        self._used = used_values(function.body)
        self._function(name, (), function.body, function.body.parameters)

    def _function(
        self, name: str, first: tuple[Value, ...], region: Region, captured: tuple[Value, ...]
    ) -> None:
        parameters = [*map(self._name, first), *_FIRST, *map(self._name, captured)]
        part = _Part(depth=0)
        part.add(f"def {name}({', '.join(parameters)}):", None)
        part.depth = 1
        self._body(part, region)
        part.add(f"return {self._tuple(region.results)}", None)
        part.depth = 0
        part.add("", None)
        part.add("", None)
        self.finished.append(part)

    def _name(self, value: Value) -> str:
        known = self._inline.get(value)
        return self.names[value] if known is None else known

    def _tuple(self, values: Iterable[Value]) -> str:
        return tuple_text(map(self._name, values))

    def _body(self, part: _Part, region: Region) -> None:
        for node in region.nodes:
            if node.op in INLINE:
                self._inline[node.result] = inline_text(node)
                continue
            rule = _RULES.get(node.op)
            if rule is not None:
                rule(self, part, node)
            else:
                self._assign(part, node, expression(node, self._name))

    def _assign(self, part: _Part, node: Node, text: str) -> None:
        if node.op == "intrinsic":
            part.add(f"{self._tuple(node.results)} = {text}", node.span)
        else:
            part.add(f"{self.names[node.result]} = {text}", node.span)

    def captured(self, *regions: Region) -> tuple[Value, ...]:
        """What regions use from outside, but for what is written where it is used."""
        return tuple(value for value in free_values(*regions) if value not in self._inline)

    def _outside(self, captured: Iterable[Value]) -> str:
        return tuple_text([*_FIRST, *map(self._name, captured)])

    # nodes with regions

    def connective(self, part: _Part, node: Node) -> None:
        """AND, OR."""
        (right,) = node.regions
        captured = self.captured(right)
        name = self.names.unique(f"{node.op}_right")
        self._degree_function(name, (), right, captured)
        function = "conjunction" if node.op == "and" else "disjunction"
        left = self._name(node.operands[0])
        text = f"{self.names[node.result]} = {function}({left}, {name}, {self._outside(captured)})"
        part.add(text, node.span)

    def _degree_function(
        self, name: str, first: tuple[Value, ...], region: Region, captured: tuple[Value, ...]
    ) -> None:
        """A function that gives one degree, not a tuple."""
        self._function(name, first, region, captured)
        finished = self.finished[-1]
        finished.lines[-3] = f"    return {self._name(region.results[0])}"

    def choice(self, part: _Part, node: Node) -> None:
        """IF on a degree."""
        captured = self.captured(*node.regions)
        names = [self.names.unique(stem) for stem in ("if_then", "if_else")]
        for name, region in zip(names, node.regions, strict=True):
            self._function(name, (), region, captured)
        degree, epsilon = self._name(node.operands[0]), attr_text(node.attrs["epsilon"], self._name)
        arguments = f"{degree}, {names[0]}, {names[1]}, {self._outside(captured)}, {epsilon}"
        is_plain = all(inner.op not in _BUSY for region in node.regions for inner in walk(region))
        self._results(part, node, f"{'merge' if is_plain else 'choose'}({arguments})")

    def static_choice(self, part: _Part, node: Node) -> None:
        """IF on a static truth."""
        truth = static_text(node.attrs["truth"], self._name)
        for word, region in zip((f"if {truth}:", "else:"), node.regions, strict=True):
            part.add(word, node.span)
            part.depth += 1
            before = len(part.lines)
            self._nested(part, region, (), node)
            if len(part.lines) == before:
                part.add("pass", node.span)
            part.depth -= 1

    def _nested(self, part: _Part, region: Region, first: tuple[Value, ...], node: Node) -> None:
        """A region within a loop or choice of Python; its results get the names of the node's."""
        if part.depth >= MAX_NESTING:
            captured = self.captured(region)
            name = self.names.unique("part")
            inputs = [*map(self._name, first), *_FIRST, *map(self._name, captured)]
            self._function(name, first, region, captured)
            self._results(part, node, f"{name}({', '.join(inputs)})")
            return
        self._body(part, region)
        pairs = [
            (self.names[result], self._name(value))
            for result, value in zip(node.results, region.results, strict=True)
        ]
        pairs = [(left, right) for left, right in pairs if left != right]
        if pairs:
            left, right = (", ".join(side) for side in zip(*pairs, strict=True))
            part.add(f"{left} = {right}", node.span)

    def for_(self, part: _Part, node: Node) -> None:
        """FOR."""
        (body,) = node.regions
        counter, *state = body.parameters
        for parameter, initial, result in zip(state, node.operands, node.results, strict=True):
            self.names.alias(result, parameter)
            part.add(f"{self.names[parameter]} = {self._name(initial)}", node.span)
        start, stop, step = (attr_text(node.attrs[key], self._name) for key in ("start", "stop", "step"))
        part.add(f"for {self._name(counter)} in counted({start}, {stop}, {step}):", node.span)
        part.depth += 1
        before = len(part.lines)
        self._nested(part, body, body.parameters if part.depth >= MAX_NESTING else (), node)
        if len(part.lines) == before:
            part.add("pass", node.span)
        part.depth -= 1

    def repeat(self, part: _Part, node: Node) -> None:
        """WHILE and LOOP."""
        condition, body = node.regions
        captured = self.captured(condition, body)
        names = [self.names.unique(f"loop_{node.attrs['loop']}_{stem}") for stem in ("condition", "body")]
        self._degree_function(names[0], condition.parameters, condition, captured)
        self._function(names[1], body.parameters, body, captured)
        weight, *state = node.operands
        is_mixture = node.attrs["semantics"] == "mixture"
        arguments = [
            *names,
            self._name(weight),
            self._tuple(state),
            self._outside(captured),
            f"is_mixture={is_mixture}",
            f"epsilon={attr_text(node.attrs['epsilon'], self._name)}",
            f"trips={node.attrs['trips']}",
            f"loop={node.attrs['loop']}",
            f"wanted={tuple_text(str(result in self._used) for result in node.results)}",
            f"is_nested={any(inner.op in _BUSY for region in node.regions for inner in walk(region))}",
        ]
        self._results(part, node, f"repeat({', '.join(arguments)})")

    def call(self, part: _Part, node: Node) -> None:
        """A DEF's results."""
        arguments = [*_FIRST, *map(self._name, node.operands)]
        self._results(part, node, f"{self.functions[node.attrs['function']]}({', '.join(arguments)})")

    def _results(self, part: _Part, node: Node, text: str) -> None:
        names = tuple_text(self.names[result] for result in node.results)
        part.add(f"{names} = {text}" if node.results else text, node.span)


_BUSY = frozenset({"repeat", "call", "intrinsic", "and", "or"})
"""Operations that are not computed for rows that they do not concern."""


def tuple_text(items: Iterable[str]) -> str:
    """A tuple of expressions."""
    parts = list(items)
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


_RULES: Mapping[str, Callable[[_Emitter, _Part, Node], None]] = {
    "and": _Emitter.connective,
    "or": _Emitter.connective,
    "choice": _Emitter.choice,
    "static_choice": _Emitter.static_choice,
    "for": _Emitter.for_,
    "repeat": _Emitter.repeat,
    "call": _Emitter.call,
}
