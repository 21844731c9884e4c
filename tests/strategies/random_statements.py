"""Random statements as text: loops that end, choices, assignments, calls.

Why no variable of the int dialect leaves its interval: an assigned expression is at most half of
the limit in magnitude, and `x := x + c` adds at most 9, in runs of at most MAX_STEPS statements.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeAlias, final

from tests.strategies.random_expressions import Dialect, Expressions, Scope

Lines: TypeAlias = list[str]

MAX_STEPS = 5_000
"""Bound of executed statements under which the int dialect keeps its promise."""

_DOWN = ("{c} != 0", "{c} > 0", "0 < {c}", "{c} >= 1", "NOT ({c} = 0)", "NOT {c} <= 0")
_UP = ("{c} < {end}", "{c} != {end}", "{end} > {c}", "NOT {c} >= {end}")


def indented(lines: Lines) -> Lines:
    """The lines of an inner block."""
    return [f"  {line}" for line in lines]


@final
class Statements:
    """Writes blocks of statements until its budget is spent."""

    def __init__(self, random: Random, dialect: Dialect, budget: int) -> None:
        self.random = random
        self.dialect = dialect
        self.budget = budget
        self.write = Expressions(random, dialect)
        self.features = self.write.features
        self._simple: list[Callable[[Scope], Lines]] = [
            self._assign,
            self._assign,
            self._count,
            self._element,
            self._element,
            self._parallel,
            self._swap,
            self._whole_array,
            self._row,
            self._call,
        ]
        self._nested: list[Callable[[Scope, int, int], Lines]] = [
            self._if,
            self._if,
            self._static_if,
            self._while_down,
            self._while_up,
            self._while_wild,
            self._loop,
            self._for,
            self._for,
        ]

    def block(self, scope: Scope, depth: int, trips: int = 1) -> Lines:
        """A few statements; `trips` is how often the place may run, to keep nests short."""
        lines: Lines = []
        for _ in range(self.random.randint(1, 3)):
            lines += self.statement(scope, depth, trips)
        return lines

    def statement(self, scope: Scope, depth: int, trips: int = 1) -> Lines:
        """One statement, perhaps with others inside."""
        self.budget -= 1
        if depth > 0 and self.budget > 0 and trips <= 60 and self.random.random() < 0.6:
            return self.random.choice(self._nested)(scope, depth - 1, trips)
        return self.random.choice(self._simple)(scope)

    # ---- assignments ---------------------------------------------------------------------

    def _variable(self, scope: Scope) -> str:
        return self.random.choice([name for name in scope.scalars if name not in scope.fixed])

    def _assign(self, scope: Scope) -> Lines:
        return [f"{self._variable(scope)} := {self.write.assignable(scope)}"]

    def _count(self, scope: Scope) -> Lines:
        target = self._variable(scope)
        if scope.arrays and self.random.random() < 0.3:
            target = self.write.element(scope, "soft_write")
        sign = self.random.choice("+-") if not self.dialect.nat or target[-1] != "]" else "+"
        self.features.add("count")
        return [f"{target} := {target} {sign} {self.random.randint(0, 9)}"]

    def _element(self, scope: Scope) -> Lines:
        if not scope.arrays:
            return self._assign(scope)
        return [f"{self.write.element(scope, 'soft_write')} := {self.write.assignable(scope)}"]

    def _parallel(self, scope: Scope) -> Lines:
        free = [name for name in scope.scalars if name not in scope.fixed]
        targets = self.random.sample(free, min(len(free), self.random.choice([1, 2, 2, 3])))
        if scope.arrays and self.random.random() < 0.5:
            targets.append(self.write.element(scope, "soft_write"))
        self.features.update({"parallel"} if len(targets) > 1 else ())
        values = [self.write.assignable(scope, 1) for _ in targets]
        return [f"{', '.join(targets)} := {', '.join(values)}"]

    def _swap(self, scope: Scope) -> Lines:
        if not scope.arrays:
            return self._parallel(scope)
        first, second = (self.write.element(scope, "soft_write") for _ in range(2))
        self.features.add("swap")
        return [f"{first}, {second} := {second}, {first}"]

    def _whole_array(self, scope: Scope) -> Lines:
        if not scope.arrays:
            return self._assign(scope)
        target, shape = self.random.choice(list(scope.arrays.items()))
        source = self.random.choice([name for name, have in scope.arrays.items() if have == shape])
        self.features.add("whole_array")
        value = self.write.assignable(scope, 1)
        form = self.random.choice(
            ["{s}", "{v}", "clamp({s} * ({v}), {low}, 30)", "clamp({s} + {t}, {low}, 30)"]
        )
        low = 0 if self.dialect.nat else -30
        return [f"{target} := {form.format(s=source, t=target, v=value, low=low)}"]

    def _row(self, scope: Scope) -> Lines:
        matrices, vectors = scope.sized(2), scope.sized(1)
        if not matrices:
            return self._element(scope)
        matrix, vector = self.random.choice(matrices), self.random.choice(vectors)
        rows, columns = scope.arrays[matrix]
        if scope.arrays[vector] != (columns,):
            return self._element(scope)
        self.features.add("row")
        if self.random.random() < 0.5:
            return [f"{vector} := {matrix}[{self.write.index(scope, rows, 'soft_read')}]"]
        return [f"{matrix}[{self.write.index(scope, rows, 'soft_write')}] := {vector}"]

    def _call(self, scope: Scope) -> Lines:
        functions = scope.callable_functions()
        free = [name for name in scope.scalars if name not in scope.fixed]
        functions = [f for f in functions if f.results <= len(free)]
        if not functions:
            return self._assign(scope)
        function = self.random.choice(functions)
        self.features.add("def_call" if function.results == 1 else "def_several_results")
        targets = self.random.sample(free, function.results)
        return [f"{', '.join(targets)} := {self.write.call(scope, function, 1)}"]

    # ---- choices -------------------------------------------------------------------------

    def _if(self, scope: Scope, depth: int, trips: int) -> Lines:
        self.features.add("IF")
        lines = [f"IF {self.write.condition(scope)} THEN", *indented(self.block(scope, depth, trips))]
        while self.random.random() < 0.25:
            self.features.add("ELSEIF")
            lines += [
                f"ELSEIF {self.write.condition(scope)} THEN",
                *indented(self.block(scope, depth, trips)),
            ]
        if self.random.random() < 0.6:
            self.features.add("ELSE")
            lines += ["ELSE", *indented(self.block(scope, depth, trips))]
        return [*lines, "END"]

    def _static_if(self, scope: Scope, depth: int, trips: int) -> Lines:
        if not scope.statics:
            return self._if(scope, depth, trips)
        name = self.random.choice(list(scope.statics))
        low, high = scope.statics[name]
        if self.random.random() < 0.4 and high > low:
            self.features.add("static_if")
            inner = scope.with_static(name, low + 1, high)
            condition = f"{name} > {low}" if low >= 0 else f"{name} != {low}"
            return [f"IF {condition} THEN", *indented(self.block(inner, depth, trips)), "END"]
        lines = [f"IF {self.write.static_condition(scope)} THEN", *indented(self.block(scope, depth, trips))]
        if self.random.random() < 0.6:
            lines += ["ELSE", *indented(self.block(scope, depth, trips))]
        return [*lines, "END"]

    # ---- loops ---------------------------------------------------------------------------

    def _and_more(self, scope: Scope, condition: str) -> str:
        if self.random.random() < 0.25:
            self.features.add("AND")
            pair = [condition, f"({self.write.condition(scope, 1)})"]
            self.random.shuffle(pair)
            return " AND ".join(pair)
        return condition

    def _with_step(self, body: Lines, step: Lines) -> Lines:
        # The step may stand first or last; between the statements it would have to respect blocks.
        return indented([*step, *body] if self.random.random() < 0.3 else [*body, *step])

    def _counter(self, scope: Scope) -> str | None:
        free = [name for name in scope.scalars if name not in scope.fixed]
        return self.random.choice(free) if len(free) > 1 else None

    def _while_down(self, scope: Scope, depth: int, trips: int) -> Lines:
        counter = self._counter(scope)
        if counter is None:
            return self._if(scope, depth, trips)
        self.features.add("WHILE")
        most = self.random.randint(1, 4)
        inner = scope.with_counter(counter, 0, most)
        condition = self._and_more(inner, self.random.choice(_DOWN).format(c=counter))
        body = self.block(inner, depth, trips * most)
        step = [f"{counter} := {counter} - 1"]
        if self.random.random() < 0.2:
            step = [
                f"IF {self.write.condition(inner, 1)} THEN",
                f"  {counter} := {counter} - 1",
                "ELSE",
                f"  {counter} := 0",
                "END",
            ]
        start = f"{counter} := {self.write.between(scope, 0, most)}"
        return [start, f"WHILE {condition} DO", *self._with_step(body, step), "END"]

    def _while_up(self, scope: Scope, depth: int, trips: int) -> Lines:
        counter = self._counter(scope)
        if counter is None:
            return self._if(scope, depth, trips)
        self.features.add("WHILE")
        end = self.random.randint(1, 4)
        names = [name for name, bounds in scope.statics.items() if 1 <= bounds[0] <= bounds[1] <= 4]
        text = self.random.choice(names) if names and self.random.random() < 0.5 else str(end)
        most = scope.statics[text][1] if text in scope.statics else end
        inner = scope.with_counter(counter, 0, most)
        condition = self._and_more(inner, self.random.choice(_UP).format(c=counter, end=text))
        body = self.block(inner, depth, trips * most)
        lines = [f"{counter} := 0", f"WHILE {condition} DO"]
        return [*lines, *self._with_step(body, [f"{counter} := {counter} + 1"]), "END"]

    def _while_wild(self, scope: Scope, depth: int, trips: int) -> Lines:
        """A loop that ends by luck, or by its cap on trips."""
        if self.random.random() < 0.6:
            return self._while_down(scope, depth, trips)
        self.features.add("wild_while")
        name = self._variable(scope)
        body = [*self.block(scope, depth, trips * 8), f"{name} := {self.write.assignable(scope)}"]
        return [f"WHILE {name} > {self.write.number(scope, 0).text} DO", *indented(body), "END"]

    def _loop(self, scope: Scope, depth: int, trips: int) -> Lines:
        self.features.add("LOOP")
        if self.dialect.reals and self.random.random() < 0.3:
            count = self.write.number(scope, 1).text
        else:
            count = self.write.between(scope, 0 if self.dialect.nat else -1, 4)
        return [f"LOOP {count} DO", *indented(self.block(scope, depth, trips * 4)), "END"]

    def _for(self, scope: Scope, depth: int, trips: int) -> Lines:
        unused = [name for name in "ijk" if name not in scope.statics]
        if not unused:
            return self._loop(scope, depth, trips)
        self.features.add("FOR")
        name = unused[0]
        start, stop, step, low, high = self._range(scope)
        self.features.update({"STEP"} if step else ())
        inner = scope.with_static(name, low, high)
        body = indented(self.block(inner, depth, trips * max(1, high - low + 1)))
        return [f"FOR {name} FROM {start} TO {stop}{step} DO", *body, "END"]

    def _range(self, scope: Scope) -> tuple[str, str, str, int, int]:
        """Start, stop and step of a FOR, and the interval of its counter."""
        small = [(n, bounds) for n, bounds in scope.statics.items() if bounds[0] >= 0 and bounds[1] <= 5]
        shape = self.random.random()
        if small and shape < 0.5:
            name, (low, high) = self.random.choice(small)
            if low == high and low > 0:
                if shape < 0.15:
                    return f"{name} - 1", "0", " STEP -1", 0, high - 1
                return "0", f"{name} - 1", "", 0, high - 1
            return name, str(high), "", low, high
        low = self.random.randint(0, 2)
        high = low + self.random.randint(0, 3)
        if shape < 0.6:
            return str(high), str(low), "", low, high
        if shape < 0.75:
            return str(high), str(low), f" STEP -{self.random.randint(1, 2)}", low, high
        return str(low), str(high), " STEP 2" if shape < 0.85 else "", low, high
