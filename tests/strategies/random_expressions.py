"""Random expressions and conditions as text, with the interval of every integer value.

One generator serves two dialects. In the int dialect every number is whole and the interval of
each expression is known, so that programs keep to the conditions of the exactness theorem. In
the real dialect reals, division and the smooth built-ins join in and intervals are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import final

VARIABLE_LIMIT = 10**6
"""No variable of the int dialect leaves [-VARIABLE_LIMIT, VARIABLE_LIMIT] (proof: statements)."""
EXPRESSION_LIMIT = 2**48

ATOM, SIGN, PRODUCT, SUM = range(4)
"""How tightly the outermost operator of a text binds."""

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


@final
@dataclass(frozen=True)
class Dialect:
    """What may occur: reals or only ints; negative values or none (`nat`)."""

    reals: bool = False
    nat: bool = False

    @property
    def lowest(self) -> int:
        """The lowest value of a variable."""
        return 0 if self.nat else -VARIABLE_LIMIT


@final
@dataclass(frozen=True, slots=True)
class Piece:
    """The text of a number, how tightly it binds, and bounds of its value."""

    text: str
    low: int
    high: int
    level: int = ATOM

    def within(self, level: int) -> str:
        """The text, in parentheses where it binds more loosely than `level`."""
        return self.text if self.level <= level else f"({self.text})"

    @property
    def magnitude(self) -> int:
        """A bound of the absolute value."""
        return max(abs(self.low), abs(self.high))


@final
@dataclass(frozen=True)
class Function:
    """A DEF that may be called: its parameters with their shapes, number of scalar results."""

    name: str
    parameters: Mapping[str, tuple[int, ...]]
    results: int


@final
@dataclass
class Scope:
    """The names that a place in the program sees.

    Args:
        scalars: Dynamic scalars.
        arrays: Shapes of the arrays.
        statics: Interval of every static integer: counters, shape variables, constants.
        ranges: Scalars whose interval is known here, such as the counter of a WHILE.
        fixed: Scalars that must not be assigned here.
        functions: What may be called.
    """

    scalars: list[str]
    arrays: dict[str, tuple[int, ...]]
    statics: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    fixed: frozenset[str] = frozenset()
    functions: tuple[Function, ...] = ()

    def with_static(self, name: str, low: int, high: int) -> Scope:
        """The scope inside a FOR, or inside an IF that narrows a static integer."""
        return replace(self, statics={**self.statics, name: (low, high)})

    def with_counter(self, name: str, low: int, high: int) -> Scope:
        """The scope inside a WHILE that counts with `name`."""
        return replace(self, ranges={**self.ranges, name: (low, high)}, fixed=self.fixed | {name})

    def callable_functions(self) -> list[Function]:
        """The functions whose array parameters can be given here."""
        shapes = {(), *self.arrays.values()}
        return [f for f in self.functions if shapes.issuperset(f.parameters.values())]

    def sized(self, rank: int) -> list[str]:
        """Names of the arrays with `rank` dimensions."""
        return [name for name, shape in self.arrays.items() if len(shape) == rank]


@final
class Expressions:
    """Writes expressions; `features` collects the constructs that it wrote."""

    def __init__(self, random: Random, dialect: Dialect) -> None:
        self.random = random
        self.dialect = dialect
        self.features: set[str] = set()
        self._leaves = [self._literal, self._scalar, self._scalar, self._element, self._static_leaf]
        self._inner: list[Callable[[Scope, int], Piece]] = [
            self._sum,
            self._sum,
            self._difference,
            self._product,
            self._negation,
            self._extremum,
            self._extremum,
            self._abs,
            self._sign,
            self._clamp,
            self._call,
            self._reduction,
        ]
        if dialect.reals:
            self._leaves.append(self._real_literal)
            self._inner += [self._quotient, self._smooth_builtin, self._smooth_builtin, self._degree]

    # ---- numbers -------------------------------------------------------------------------

    def number(self, scope: Scope, depth: int = 2) -> Piece:
        """A scalar number of at most `depth` nested operations."""
        if depth <= 0 or self.random.random() < 0.35:
            return self.random.choice(self._leaves)(scope)
        return self.random.choice(self._inner)(scope, depth - 1)

    def assignable(self, scope: Scope, depth: int = 2) -> str:
        """A number that every variable may hold: bounded, and not negative in a nat program."""
        piece = self.number(scope, depth)
        if self.dialect.reals:
            return f"max({piece.text}, 0)" if self.dialect.nat else piece.text
        small = self.random.randint(5, 60)
        if piece.magnitude > VARIABLE_LIMIT // 2 or (piece.magnitude > 1000 and self.random.random() < 0.5):
            return self._clamped(piece, 0 if self.dialect.nat else -small, small).text
        if self.dialect.nat and piece.low < 0:
            self.features.add("max")
            return self.random.choice([f"max({piece.text}, 0)", f"abs({piece.text})"])
        return piece.text

    def between(self, scope: Scope, low: int, high: int) -> str:
        """A number in [low, high]."""
        piece = self.number(scope, 1)
        inside = low <= piece.low and piece.high <= high and not self.dialect.reals
        return piece.text if inside else self._clamped(piece, low, high).text

    def _clamped(self, piece: Piece, low: int, high: int) -> Piece:
        self.features.add("clamp")
        if self.random.random() < 0.2:
            self.features.update(("min", "max"))
            return Piece(f"min(max({piece.text}, {low}), {high})", low, high)
        return Piece(f"clamp({piece.text}, {low}, {high})", low, high)

    def _literal(self, scope: Scope) -> Piece:
        value = self.random.randint(0 if self.dialect.nat else -6, 9)
        return Piece(str(value), value, value, SIGN if value < 0 else ATOM)

    def _real_literal(self, scope: Scope) -> Piece:
        return Piece(f"{self.random.choice([0.25, 0.5, 0.8, 1.5, 2.75])}", 0, 3)

    def _scalar(self, scope: Scope) -> Piece:
        name = self.random.choice(scope.scalars)
        low, high = scope.ranges.get(name, (self.dialect.lowest, VARIABLE_LIMIT))
        return Piece(name, low, high)

    def _element(self, scope: Scope) -> Piece:
        if not scope.arrays:
            return self._scalar(scope)
        return Piece(self.element(scope, "soft_read"), self.dialect.lowest, VARIABLE_LIMIT)

    def _static_leaf(self, scope: Scope) -> Piece:
        return self.static(scope) if scope.statics else self._literal(scope)

    def _operands(self, scope: Scope, depth: int, limit: int) -> tuple[Piece, Piece]:
        left, right = self.number(scope, depth), self.number(scope, depth)
        if left.magnitude > limit:
            left = self._clamped(left, 0 if self.dialect.nat else -99, 99)
        if right.magnitude > limit:
            right = self._clamped(right, 0 if self.dialect.nat else -99, 99)
        return left, right

    def _sum(self, scope: Scope, depth: int) -> Piece:
        left, right = self._operands(scope, depth, EXPRESSION_LIMIT // 2)
        text = f"{left.within(SUM)} + {right.within(PRODUCT)}"
        return Piece(text, left.low + right.low, left.high + right.high, SUM)

    def _difference(self, scope: Scope, depth: int) -> Piece:
        left, right = self._operands(scope, depth, EXPRESSION_LIMIT // 2)
        text = f"{left.within(SUM)} - {right.within(PRODUCT)}"
        return Piece(text, left.low - right.high, left.high - right.low, SUM)

    def _product(self, scope: Scope, depth: int) -> Piece:
        left, right = self._operands(scope, depth, 2**24)
        corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
        return Piece(f"{left.within(PRODUCT)} * {right.within(ATOM)}", min(corners), max(corners), PRODUCT)

    def _negation(self, scope: Scope, depth: int) -> Piece:
        operand = self.number(scope, depth)
        return Piece(f"-{operand.within(ATOM)}", -operand.high, -operand.low, SIGN)

    # ---- built-ins and calls -------------------------------------------------------------

    def _arguments(self, *texts: str) -> str:
        if self.random.random() < 0.12:
            self.features.add("builtin_steepness")
            return ", ".join((*texts, f"steepness = {self.steepness()}"))
        return ", ".join(texts)

    def steepness(self) -> str:
        """A constant >= 1."""
        return self.random.choice(["1", "2", "3", "1.5", "7.25"])

    def _extremum(self, scope: Scope, depth: int) -> Piece:
        name = self.random.choice(["min", "max"])
        self.features.add(name)
        pick = min if name == "min" else max
        parts = [self.number(scope, depth) for _ in range(self.random.choice([2, 2, 2, 3]))]
        low, high = pick(p.low for p in parts), pick(p.high for p in parts)
        return Piece(f"{name}({self._arguments(*(p.text for p in parts))})", low, high)

    def _abs(self, scope: Scope, depth: int) -> Piece:
        self.features.add("abs")
        part = self.number(scope, depth)
        return Piece(f"abs({self._arguments(part.text)})", 0, part.magnitude)

    def _sign(self, scope: Scope, depth: int) -> Piece:
        self.features.add("sign")
        return Piece(f"sign({self._arguments(self.number(scope, depth).text)})", -1, 1)

    def _clamp(self, scope: Scope, depth: int) -> Piece:
        self.features.add("clamp")
        part, low, high = self.number(scope, depth), self.number(scope, 0), self.number(scope, 0)
        text = f"clamp({self._arguments(part.text, low.text, high.text)})"
        return Piece(text, min(low.low, high.low), high.high)

    def _call(self, scope: Scope, depth: int) -> Piece:
        functions = [f for f in scope.callable_functions() if f.results == 1]
        if not functions:
            return self.number(scope, depth)
        call = self.call(scope, self.random.choice(functions), depth)
        self.features.add("def_in_expression")
        return Piece(call, self.dialect.lowest, VARIABLE_LIMIT)

    def call(self, scope: Scope, function: Function, depth: int) -> str:
        """A call of a DEF; the scope has arrays of the shapes that it wants."""
        arguments = [
            self.random.choice([name for name, have in scope.arrays.items() if have == shape])
            if shape
            else self.assignable(scope, depth)
            for shape in function.parameters.values()
        ]
        return f"{function.name}({', '.join(self._named(function, arguments))})"

    def _named(self, function: Function, arguments: list[str]) -> list[str]:
        """The arguments, some of them behind the others by name and in any order."""
        if self.random.random() < 0.6:
            return arguments
        self.features.add("named_argument")
        positional = self.random.randrange(len(arguments))
        named = [f"{name} = {text}" for name, text in zip(function.parameters, arguments, strict=True)]
        rest = self.random.sample(named[positional:], len(arguments) - positional)
        if rest != named[positional:]:
            self.features.add("named_arguments_in_other_order")
        return [*arguments[:positional], *rest]

    def _reduction(self, scope: Scope, depth: int) -> Piece:
        vectors = scope.sized(1)
        if not vectors:
            return self.number(scope, depth)
        name = self.random.choice(vectors)
        size = scope.arrays[name][0]
        kind = self.random.choice(["sum", "dot", "len"])
        self.features.add(kind)
        if kind == "len":
            return Piece(f"len({name})", size, size)
        if kind == "sum":
            return Piece(f"sum({name})", size * self.dialect.lowest, size * VARIABLE_LIMIT)
        other = self.random.choice([v for v in vectors if scope.arrays[v] == (size,)])
        bound = size * VARIABLE_LIMIT**2
        return Piece(f"dot({name}, {other})", 0 if self.dialect.nat else -bound, bound)

    def _quotient(self, scope: Scope, depth: int) -> Piece:
        left, right = self.number(scope, depth), self.number(scope, depth)
        self.features.add("/")
        divisor = f"({right.within(SUM)} + 2.5)" if self.random.random() < 0.7 else right.within(ATOM)
        return Piece(f"{left.within(PRODUCT)} / {divisor}", 0, 0, PRODUCT)

    def _smooth_builtin(self, scope: Scope, depth: int) -> Piece:
        name = self.random.choice(["sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "sigmoid"])
        self.features.add(name)
        inner = self.number(scope, depth).text
        guard = {
            "sqrt": f"({inner}) * ({inner}) + 0.5",
            "log": f"abs({inner}) + 0.7",
            "exp": f"tanh({inner})",
        }
        return Piece(f"{name}({guard.get(name, inner)})", 0, 0)

    def _degree(self, scope: Scope, depth: int) -> Piece:
        self.features.add("degree")
        return Piece(f"degree({self.condition(scope, 1)})", 0, 1)

    # ---- indices and static integers -----------------------------------------------------

    def element(self, scope: Scope, feature: str) -> str:
        """An element of an array, by static and dynamic indices."""
        name = self.random.choice(list(scope.arrays))
        shape = scope.arrays[name]
        if len(shape) > 1:
            self.features.add("matrix")
        return f"{name}[{', '.join(self.index(scope, size, feature) for size in shape)}]"

    def index(self, scope: Scope, size: int, feature: str) -> str:
        """An index in [0, size - 1], as often dynamic as static."""
        if self.random.random() < 0.5:
            return self._static_index(scope, size)
        self.features.add(feature)
        fitting = [name for name, (low, high) in scope.ranges.items() if low >= 0 and high < size]
        if fitting and self.random.random() < 0.6:
            return self.random.choice(fitting)
        if self.dialect.reals and self.random.random() < 0.5:
            return f"{self._scalar(scope).text} + {self._literal(scope).text}"
        if self.random.random() < 0.01:
            return self._scalar(scope).text
        return self.between(scope, 0, size - 1)

    def _static_index(self, scope: Scope, size: int) -> str:
        for name, (low, high) in self.random.sample(sorted(scope.statics.items()), len(scope.statics)):
            shifts = [d for d in (0, -1, 1) if low + d >= 0 and high + d < size]
            if shifts and self.random.random() < 0.8:
                shift = self.random.choice(shifts)
                return name if shift == 0 else f"{name} {'+' if shift > 0 else '-'} 1"
        return str(self.random.randrange(size))

    def static(self, scope: Scope) -> Piece:
        """A static integer other than a literal."""
        name = self.random.choice(list(scope.statics))
        low, high = scope.statics[name]
        shape = self.random.random()
        if shape < 0.15:
            self.features.add("mod")
            return Piece(f"mod({name}, 3)", 0, 2)
        if shape < 0.25 and low >= 0:
            self.features.add("div")
            return Piece(f"div({name} + 1, 2)", 0, high + 1)
        if shape < 0.35 and not self.dialect.nat:
            return Piece(f"{name} - 2", low - 2, high - 2, SUM)
        return Piece(name, low, high)

    # ---- conditions ----------------------------------------------------------------------

    def condition(self, scope: Scope, depth: int = 2) -> str:
        """A condition of at most `depth` nested connectives."""
        shape = self.random.random()
        if depth <= 0 or shape < 0.5:
            return self.comparison(scope)
        if shape < 0.65:
            self.features.add("NOT")
            inner = self.condition(scope, depth - 1)
            return f"NOT ({inner})" if self.random.random() < 0.8 else f"NOT {self.comparison(scope)}"
        word = self.random.choice(["AND", "OR"])
        self.features.add(word)
        left, right = self.condition(scope, depth - 1), self.condition(scope, depth - 1)
        if word == "AND" or self.random.random() < 0.3:
            left, right = f"({left})", f"({right})"
        return f"{left} {word} {right}"

    def comparison(self, scope: Scope) -> str:
        """One comparison of dynamic numbers."""
        operator = self.random.choice(COMPARISONS)
        self.features.add(operator)
        left, right = self.number(scope, 1), self.number(scope, 1)
        text = f"{left.text} {operator} {right.text}"
        if self.random.random() < 0.15:
            self.features.add("with_steepness")
            return f"{text} WITH STEEPNESS {self.steepness()}"
        return text

    def static_condition(self, scope: Scope) -> str:
        """A condition that specialisation decides."""
        self.features.add("static_if")
        left = self.static(scope)
        right = str(self.random.randint(0, 3))
        return f"{left.text} {self.random.choice(COMPARISONS)} {right}"
