"""What is known while one Python function is translated."""

from __future__ import annotations

import ast as python
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, final

from whilec.diagnostics.model import Code, Diagnostic, Label
from whilec.source import SourceFile, Span
from whilec.syntax import ast
from whilec.syntax.build import MAX_PROBLEMS
from whilec.syntax.parser import reserved_words
from whilec.syntax.python.example import decorated
from whilec.syntax.python.places import Places

NAME = Code(
    "E0147",
    "a name that the language cannot have",
    """
Names consist of the letters `a` to `z` and `A` to `Z`, digits and `_`. The keywords of the language are
reserved, in capitals and in small letters; some of them are ordinary names in Python, such as `step`, `to`,
`loop`, `end`, `do`, `then`, `const` and `var`.
""",
    decorated("step = x / 2\nreturn step"),
)


_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Place: TypeAlias = python.AST | Span
"""Where a problem is."""


@final
@dataclass
class Parts:
    """The declarations of the program, which all its functions share.

    Args:
        source: The file of the main function.
        define: Translates a called function and gives the name of its DEF; None after an error.
    """

    source: SourceFile
    define: Callable[[object, Span], str | None]
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])
    constants: dict[str, ast.Const] = field(default_factory=dict[str, ast.Const])
    parameters: dict[str, ast.Param] = field(default_factory=dict[str, ast.Param])
    definitions: dict[str, ast.Def] = field(default_factory=dict[str, ast.Def])


@final
@dataclass
class Unit:
    """One function.

    Args:
        parts: What it shares with the other functions of the program.
        places: Its file.
        name: Its name.
        namespace: The names around it: those of its module, and of a function that it stands in.
        locals: The names that Python takes for its variables.
        loop_names: Those of them that only `for` loops assign.
        sizes: Per parameter with an array type, its sizes.
        shapes: The names that the sizes of its parameters bind.
        counters: The variables of the FORs around the present statement.
        uncounted: The variables of the LOOPs around it, which have no value, with the places of their ranges.
        own_constants: The CONSTs that this function uses.
        moved: Where the nodes of a function of another file stand: at its call.
    """

    parts: Parts
    places: Places
    name: str
    namespace: Mapping[str, object]
    locals: frozenset[str]
    loop_names: frozenset[str] = frozenset()
    moved: Span | None = None
    sizes: dict[str, tuple[ast.Expr, ...]] = field(default_factory=dict[str, "tuple[ast.Expr, ...]"])
    shapes: set[str] = field(default_factory=set[str])
    counters: list[str] = field(default_factory=list[str])
    uncounted: list[tuple[str, Span]] = field(default_factory=list[tuple[str, Span]])
    own_constants: dict[str, ast.Const] = field(default_factory=dict[str, ast.Const])
    _refused: set[str] = field(default_factory=set[str])

    def span(self, node: python.AST) -> Span:
        """The span that a node of the program gets."""
        return self.places.span(node) if self.moved is None else self.moved

    def report(
        self,
        code: Code,
        title: str,
        place: Place,
        label: str,
        help: str | None = None,
        labels: tuple[Label, ...] = (),
    ) -> None:
        """Keep a problem of this function."""
        if len(self.parts.problems) < MAX_PROBLEMS:
            span = place if isinstance(place, Span) else self.places.span(place)
            self.parts.problems.append(
                Diagnostic(
                    code, title, Label(span, label), labels=labels, help=help, source=self.places.source
                )
            )

    def name_at(self, id: str, place: Place) -> ast.Name:
        """A name of the program; reports, once, one that the language cannot have."""
        span = place if isinstance(place, Span) else self.places.span(place)
        problem = what_is_wrong_with(id)
        if problem is not None and id not in self._refused:
            self._refused.add(id)
            self.report(NAME, f"`{id}` cannot be a name here", span, problem, "rename it")
        return ast.Name(id, span=span if self.moved is None else self.moved)

    def constant(self, name: str, value: ast.Expr, place: Place) -> None:
        """Make a number of the module a CONST, unless it is one."""
        const = ast.Const(self.name_at(name, place), value, span=value.span)
        self.declare_constant(const, place)

    def declare_constant(self, const: ast.Const, place: Place) -> None:
        """Add a CONST; one name has one value in the whole program."""
        name = const.name.id
        self.own_constants[name] = const
        known = self.parts.constants.setdefault(name, const)
        if known != const:
            self.report(
                NAME,
                f"two functions mean different constants by `{name}`",
                place,
                "another value than in a function of the same program",
                "rename one of the two: a program has one CONST of a name",
            )

    def is_constant(self, name: str) -> bool:
        """Whether a name stands for a whole CONST of this function."""
        const = self.own_constants.get(name)
        return const is not None and not any(
            isinstance(part, ast.Number) and isinstance(part.value, float) for part in _leaves(const.value)
        )


def what_is_wrong_with(name: str) -> str | None:
    """Why a Python name is no name of the language; None if it is one."""
    if not _PLAIN_NAME.fullmatch(name):
        return "only the letters `a` to `z` and `A` to `Z`, digits and `_`"
    if name.upper() in reserved_words() and name in (name.upper(), name.lower()):
        return "a reserved word of the language"
    return None


def _leaves(value: ast.Expr) -> list[ast.Expr]:
    from whilec.syntax.walk import child_expressions

    found: list[ast.Expr] = []
    pending = [value]
    while pending:
        part = pending.pop()
        children = child_expressions(part)
        found += () if children else (part,)
        pending += children
    return found
