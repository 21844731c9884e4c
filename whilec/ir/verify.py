"""Whether a program is well formed at its stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import final

from whilec.diagnostics.model import InternalError
from whilec.ir.node import Node, Program, Region, types, uses
from whilec.ir.ops import OPERATIONS, Operation
from whilec.ir.types import COUNTER, DEGREE, Kind, Type, Value


class InvalidIRError(InternalError):
    """A pass or the lowering built a program that breaks the rules of its stage."""


def verify(program: Program, after: str = "lowering") -> Program:
    """The program itself, if every node is as the operation table says.

    Args:
        program: To be looked at.
        after: What built it; named in the error.

    Raises:
        InvalidIRError: Something is wrong.
    """
    verifier = _Verifier(program, after)
    for function in program.functions.values():
        verifier.region(function.body, frozenset())
    verifier.region(program.body, frozenset())
    masks = sum(entry.masks for entry in program.entries)
    expected = len(program.inputs) + len(program.parameters), len(program.outputs) + masks
    found = len(program.body.parameters), len(program.body.results)
    if expected != found:
        raise InvalidIRError(f"after {after}: the program has {found} values, not {expected}")
    return program


_LETTERS: Mapping[str, Kind] = {"n": Kind.NUMBER, "s": Kind.NUMBER, "d": Kind.DEGREE, "m": Kind.MASK}


@final
class _Verifier:
    def __init__(self, program: Program, after: str) -> None:
        self._program = program
        self._after = after
        self._defined: set[Value] = set()

    def _fail(self, node: Node | None, problem: str) -> InvalidIRError:
        place = f"`{node.op}` at {node.span.start}" if node is not None else "a region"
        return InvalidIRError(f"after {self._after}: {place}: {problem}")

    def region(self, region: Region, visible: frozenset[Value]) -> None:
        """A region that sees some values of the regions around it."""
        known = set(visible)
        self._define(region.parameters, known, None)
        for node in region.nodes:
            operation = OPERATIONS.get(node.op)
            if operation is None:
                raise self._fail(node, "no such operation")
            for value in uses(node):
                if value not in known:
                    raise self._fail(node, f"`{value.name}` is used before it is computed")
            self._node(node, operation)
            for inner in node.regions:
                self.region(inner, frozenset(known))
            self._define(node.results, known, node)
        for value in region.results:
            if value not in known:
                raise self._fail(None, f"the result `{value.name}` is not computed")

    def _define(self, values: Iterable[Value], known: set[Value], node: Node | None) -> None:
        for value in values:
            if value in self._defined:
                raise self._fail(node, f"`{value.name}` is computed twice")
            self._defined.add(value)
            known.add(value)

    def _node(self, node: Node, operation: Operation) -> None:
        if not operation.first <= self._program.stage <= operation.last:
            raise self._fail(node, f"not allowed at stage {self._program.stage.name}")
        if set(node.attrs) != set(operation.attrs):
            raise self._fail(node, f"has attributes {sorted(node.attrs)}, not {sorted(operation.attrs)}")
        if len(node.regions) != len(operation.regions):
            raise self._fail(node, f"has {len(node.regions)} regions, not {len(operation.regions)}")
        self._operands(node, operation)
        wanted = operation.results(node)
        if wanted is not None and types(node.results) != wanted:
            raise self._fail(node, f"gives {_shown(node.results)}, not {', '.join(map(str, wanted))}")
        self._regions(node)

    def _operands(self, node: Node, operation: Operation) -> None:
        pattern = operation.operands
        letters = list(pattern.removesuffix("*"))
        if pattern.endswith("*"):
            last = letters.pop()
            letters += [last] * (len(node.operands) - len(letters))
        if len(letters) != len(node.operands):
            raise self._fail(node, f"takes {len(letters)} operands, not {len(node.operands)}")
        for letter, operand in zip(letters, node.operands, strict=True):
            if operand.type.kind is not _LETTERS.get(letter, operand.type.kind) or (
                letter == "s" and operand.type.shape
            ):
                raise self._fail(node, f"takes `{pattern}`, not {_shown(node.operands)}")
        is_elementwise = wanted_shape(node.op)
        if is_elementwise and len({operand.type for operand in node.operands[:is_elementwise]}) > 1:
            raise self._fail(node, f"operands of different shapes: {_shown(node.operands)}")

    def _regions(self, node: Node) -> None:
        results = types(node.results)
        match node.op:
            case "choice" | "static_choice":
                self._expect(node, 0, (), results)
                self._expect(node, 1, (), results)
            case "and" | "or":
                self._expect(node, 0, (), (DEGREE,))
            case "for":
                self._state(node, types(node.operands))
                self._expect(node, 0, (COUNTER, *results), results)
            case "while" | "repeat":
                self._state(node, types(node.operands[1:]))
                self._expect(node, 0, (COUNTER, *results), (DEGREE,))
                self._expect(node, 1, (DEGREE, COUNTER, *results), results)
            case "call":
                self._call(node)
            case _:
                return

    def _state(self, node: Node, initial: tuple[Type, ...]) -> None:
        if types(node.results) != initial:
            raise self._fail(node, "the results differ from the initial state")

    def _call(self, node: Node) -> None:
        function = self._program.functions.get(node.attrs["function"])
        if function is None:
            raise self._fail(node, "no such function")
        body = function.body
        if (types(node.operands), types(node.results)) != (types(body.parameters), types(body.results)):
            raise self._fail(node, "does not fit its function")

    def _expect(
        self, node: Node, index: int, parameters: tuple[Type, ...], results: tuple[Type, ...]
    ) -> None:
        region = node.regions[index]
        if (types(region.parameters), types(region.results)) != (parameters, results):
            raise self._fail(node, f"region {index} has the wrong parameters or results")


def wanted_shape(op: str) -> int:
    """How many leading operands of an operation must have one type; 0: no rule."""
    return _EQUAL_OPERANDS.get(op, 0)


_EQUAL_OPERANDS: Mapping[str, int] = {
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "power", "plus", "dot"), 2),
    **dict.fromkeys(("soft_max", "soft_min", "blend", "increment"), 2),
}


def _shown(values: Iterable[Value]) -> str:
    return ", ".join(str(value.type) for value in values) or "nothing"
