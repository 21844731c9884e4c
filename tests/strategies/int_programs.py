"""Random whole programs with inputs, in the int dialect and in the real one.

`generate(random, dialect)` is a plain function, for thousands of programs from seeds;
`programs(dialect)` is the same as a hypothesis strategy, which can shrink.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeAlias, final

from hypothesis import strategies as st

from tests.strategies.random_expressions import Dialect, Function, Scope
from tests.strategies.random_statements import Lines, Statements, indented

Value: TypeAlias = "float | list[Value]"

INT = Dialect()
NAT = Dialect(nat=True)
REAL = Dialect(reals=True)
REAL_NAT = Dialect(reals=True, nat=True)


def random_inputs(random: Random, generated: Generated) -> dict[str, Value]:
    """Other inputs for the same program, of the same shapes."""
    return {name: _like(random, value, generated.dialect) for name, value in generated.inputs.items()}


def _like(random: Random, value: Value, dialect: Dialect) -> Value:
    if isinstance(value, list):
        return [_like(random, part, dialect) for part in value]
    return _number(random, dialect)


def _number(random: Random, dialect: Dialect) -> float:
    low = 0 if dialect.nat else -6
    if dialect.reals and random.random() < 0.8:
        return round(random.uniform(low, 6), 3)
    return random.randint(low, 7)


@final
@dataclass(frozen=True)
class Generated:
    """A program, inputs for it, and the constructs that stand in it."""

    source: str
    inputs: Mapping[str, Value]
    features: frozenset[str]
    dialect: Dialect


def generate(random: Random, dialect: Dialect = INT) -> Generated:
    """A random program with random inputs."""
    return _core(random) if dialect == INT and random.random() < 0.08 else _Writer(random, dialect).program()


def programs(dialect: Dialect = INT) -> st.SearchStrategy[Generated]:
    """The same programs as a strategy."""
    return st.randoms(use_true_random=False).map(lambda random: generate(random, dialect))


@final
class _Writer:
    """Writes one program: header, declarations, DEFs, body."""

    def __init__(self, random: Random, dialect: Dialect) -> None:
        self.random = random
        self.dialect = dialect
        self.kind = "real" if dialect.reals else "int"
        self.statements = Statements(random, dialect, budget=0)
        self.features = self.statements.features

    def program(self) -> Generated:
        size = self.random.randint(1, 4)
        rows = self.random.randint(1, 3)
        has_arrays = self.random.random() < 0.85
        has_matrix = has_arrays and self.random.random() < 0.4
        arrays: dict[str, tuple[int, ...]] = {"a": (size,), "v": (size,)} if has_arrays else {}
        arrays |= {"t": (rows, size)} if has_matrix else {}
        statics = {"n": (size, size)} if has_arrays else {}
        const = self.random.randint(0, 3)
        statics |= {"c": (const, const)}
        functions, definitions = self._functions(size if has_arrays else None)
        scope = Scope(["p", "q", "x", "y", "z"], arrays, statics, functions=functions)

        inputs = [f"p: {self.kind}", f"q: {self.kind}"]
        if self.dialect.reals and self.random.random() < 0.3:
            inputs[1] = "q: int"
            scope.fixed |= {"q"}
        inputs += [f"a: {self.kind}[n]"] if has_arrays else []
        outputs = ["p", "x", f"y: {self.kind}"] + (["a", f"v: {self.kind}[n]"] if has_arrays else [])
        lines = [f"PROGRAM random({', '.join(inputs)}) -> {', '.join(outputs)}", f"CONST c = {const}"]
        if self.dialect.reals and self.random.random() < 0.6:
            self.features.add("PARAM")
            lines.append(f"PARAM w: real = {self.random.choice(['1', '0.75', '2'])}")
            scope.scalars.append("w")
            scope.fixed |= {"w"}
        if has_matrix:
            start = self.random.choice(["", " = 1", " = c"])
            lines.append(f"VAR t: {self.kind}[{rows}, n]{start}")
        if self.random.random() < 0.4:
            lines.append(f"VAR z: {self.kind} = {self.random.randint(0, 5)}")
        else:
            lines.append(f"z := {self.random.randint(0, 5)}")
        before, after = (definitions, []) if self.random.random() < 0.5 else ([], definitions)
        lines += before
        lines.append(f"x := {self.statements.write.assignable(scope, 1)}")
        self.statements.budget = self.random.randint(4, 22)
        while self.statements.budget > 0:
            lines += self.statements.statement(scope, 3)
        text = "\n".join([*lines, *after]) + "\n"
        return Generated(text, self._inputs(size, has_arrays), frozenset(self.features), self.dialect)

    def _inputs(self, size: int, has_arrays: bool) -> dict[str, Value]:
        inputs: dict[str, Value] = {"p": self._value(), "q": self._value()}
        if has_arrays:
            inputs["a"] = [self._value() for _ in range(size)]
        return inputs

    def _value(self) -> float:
        return _number(self.random, self.dialect)

    # ---- DEFs ----------------------------------------------------------------------------

    def _functions(self, size: int | None) -> tuple[tuple[Function, ...], Lines]:
        functions: tuple[Function, ...] = ()
        lines: Lines = []
        self.statements.budget = 8
        for number in range(self.random.choice([0, 1, 1, 2])):
            has_array = size is not None and self.random.random() < 0.5
            shapes = ((), (size,)) if has_array and size is not None else ((),) * self.random.randint(1, 2)
            names = ("u", "e" if has_array else "g")
            parameters: dict[str, tuple[int, ...]] = dict(zip(names, shapes, strict=False))
            function = Function(f"f{number}", parameters, self.random.choice([1, 1, 2]))
            lines += self._definition(function, functions)
            functions = (*functions, function)
        return functions, lines

    def _definition(self, function: Function, others: tuple[Function, ...]) -> Lines:
        heads = [
            f"e: {self.kind}[m]" if shape else self._typed(n) for n, shape in function.parameters.items()
        ]
        results = ["r", "s"][: function.results]
        shape = function.parameters.get("e")
        scope = Scope(
            [name for name, shape in function.parameters.items() if not shape] + results,
            {"e": shape} if shape else {},
            {"m": (shape[0], shape[0])} if shape else {},
            functions=others,
        )
        lines = [f"DEF {function.name}({', '.join(heads)}) -> {', '.join(results)}"]
        if shape and self.random.random() < 0.4:
            lines.append(f"  VAR h: {self.kind}[m]")
            scope.arrays["h"] = shape
        body = [f"{name} := {self.statements.write.assignable(scope, 1)}" for name in results]
        body += self.statements.block(scope, 2, trips=8)
        return [*lines, *indented(body), "END"]

    def _typed(self, name: str) -> str:
        # Without a type, a parameter is int where its argument is, and cannot take a real.
        is_free = not self.dialect.reals and self.random.random() < 0.5
        return name if is_free else f"{name}: {self.kind}"


# ---- the core ----------------------------------------------------------------------------------


def _core(random: Random) -> Generated:
    """A program of the paper's grammar: loops down to 0 over variables of their own."""
    features = {"core"}
    budget = random.randint(3, 14)

    def block(depth: int, busy: tuple[str, ...]) -> Lines:
        nonlocal budget
        lines: Lines = []
        for _ in range(random.randint(1, 3)):
            budget -= 1
            free = [f"x{i}" for i in range(8) if f"x{i}" not in busy]
            name = random.choice(free)
            shape = random.random()
            if shape < 0.4 and depth > 0 and budget > 0:
                features.add("WHILE")
                inner = indented([*block(depth - 1, (*busy, name)), f"{name} := {name} - 1"])
                lines += [f"WHILE {name} != 0 DO", *inner, "END"]
            elif shape < 0.65:
                source = random.choice([f"x{i}" for i in range(8) if f"x{i}" != name])
                lines.append(f"{name} := {source}")
            else:
                # Increments outnumber decrements: a negative counter would never end its loop.
                lines.append(f"{name} := {name} {'+' if shape < 0.93 else '-'} 1")
        return lines

    lines: Lines = []
    while budget > 0:
        lines += block(2, ())
    words = " ".join(lines).split()
    lines.append("x0 := x0 + 1" if "x0" in words else "x0 := x1")
    words += lines[-1].split()
    inputs: dict[str, Value] = {f"x{i}": random.randint(0, 3) for i in range(1, 5) if f"x{i}" in words}
    return Generated("\n".join(lines) + "\n", inputs, frozenset(features), INT)
