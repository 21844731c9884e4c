"""Warnings: what is allowed, but probably not meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from whilec.diagnostics.model import Code, Diagnostic, Example, Fix, Label
from whilec.semantics.builtins import BUILTINS
from whilec.semantics.context import ProgramContext, UnitContext
from whilec.semantics.declarations import parts
from whilec.semantics.facts import Facts
from whilec.semantics.loops import loop_warnings
from whilec.semantics.program import Role
from whilec.source import SourceFile, Span
from whilec.syntax import ast
from whilec.syntax.parser import reserved_words

UNUSED_VARIABLE = Code(
    "W0201",
    "a variable that is never read",
    """
The variable gets a value, or is declared or given as an input, but nothing reads it. Remove it, or check
whether another name was meant.
""",
    Example("PROGRAM p(x: real) -> y: real\ny := x\nz := x + 1\n"),
)
UNUSED_DECLARATION = Code(
    "W0202",
    "a DEF, CONST or PARAM that is never used",
    """
Nothing in the program calls the DEF or reads the CONST or PARAM. Remove it, or check whether another name
was meant.
""",
    Example("CONST gap = 2\nx0 := x1\n"),
)
OUTPUT_NOT_ASSIGNED = Code(
    "W0203",
    "an output that is never assigned",
    """
The output keeps its start value, 0 unless a VAR says otherwise. In a program without a header the output
is `x0`. Assign it, or name another output in the header.
""",
    Example("x1 := x2\n"),
)
NEVER_ASSIGNED = Code(
    "W0204",
    "a variable that is read but never assigned",
    """
The variable is no input, and nothing assigns it, so it is always 0. Check the spelling, or add it to the
inputs of the program. A DEF sees no variables of the program: pass them as arguments.
""",
    Example("PROGRAM p(count: int) -> y: int\ny := count + cuont\n"),
)
LIKE_A_FUNCTION = Code(
    "W0207",
    "a variable with the name of a function",
    """
Functions have a name space of their own, so this works: `sum` is the variable, `sum(a)` the function. It
is hard to read, though; another name is better.
""",
    Example("x0 := x1\nsum := x0\nx0 := sum\n"),
)
COMMENT_NOT_DIVISION = Code(
    "W0208",
    "code behind `//`, which begins a comment",
    """
`//` begins a comment; what follows it on the line is not part of the program. To divide write `/`, which
gives a real number; for static integers `div(a, b)` rounds down. If it is a comment, put it on a line of
its own.
""",
    Example("PROGRAM p(a: real) -> x: real\nx := a // 2\n"),
)
LIKE_A_KEYWORD = Code(
    "W0209",
    "a name that is almost a keyword",
    """
Keywords are written in capitals or in small letters, not mixed: `WHILE` and `while` are keywords, `While`
is a name like any other. If the keyword was meant, write it in capitals.
""",
    Example("x0 := x1\nLoop := x0\nx0 := Loop\n"),
)


def usage_warnings(syntax: ast.Program, main: UnitContext, outputs: Sequence[str]) -> Iterator[Diagnostic]:
    """Warnings about names that are used in vain, and about loops; for programs without errors."""
    program = main.program
    spans = {name: found[1] for name, found in main.variables.items()}
    yield from _outputs(main, outputs, spans)
    if syntax.header is not None:
        roles = {name: found[0] for name, found in main.variables.items()}
        inputs = {name for name, role in roles.items() if role is Role.INPUT}
        shapes = {name for name, role in roles.items() if role is Role.SHAPE}
        own = {name: span for name, span in spans.items() if name not in shapes}
        promised = {*outputs, *(output.name.id for output in syntax.header.outputs)}
        yield from _variables(program, main.facts, own, inputs, promised, ())
    for name, definition in program.definitions.items():
        yield from _definition(definition, program.facts[name], main)
    yield from _unused_declarations(syntax, program, main.facts)
    yield from loop_warnings(syntax, main)


def text_warnings(main: UnitContext, comments: Sequence[ast.Comment]) -> Iterator[Diagnostic]:
    """Warnings about what the text looks like."""
    program = main.program
    names = {name: found[1] for name, found in main.variables.items()}
    names |= {name: variable.span for name, variable in program.globals.items()}
    for facts in (main.facts, *program.facts.values()):
        for name, span in facts.first.items():
            names.setdefault(name, span)
    yield from _names(names, program)
    yield from _comments(comments, program.source, names)


# ---- variables ---------------------------------------------------------------------------------


def _outputs(main: UnitContext, outputs: Sequence[str], spans: Mapping[str, Span]) -> Iterator[Diagnostic]:
    for name in outputs:
        found = main.variables.get(name)
        if found is None or found[0] is Role.INPUT or name in main.facts.assigned or found[2] is not None:
            continue
        near = main.program.nearest(name, main.facts.assigned)
        yield Diagnostic(
            OUTPUT_NOT_ASSIGNED,
            f"the output `{name}` is never assigned",
            Label(spans[name], f"`{name}` is always 0"),
            help=f"did you mean `{near}`?" if near else f"assign it: `{name} := ..`",
        )


def _definition(definition: ast.Def, facts: Facts, main: UnitContext) -> Iterator[Diagnostic]:
    parameters = {binding.name.id: binding.name.span for binding in definition.parameters}
    results = {binding.name.id: binding.name.span for binding in definition.results}
    sizes = {
        dim.id
        for binding in definition.parameters
        for dim in (binding.type.dims if binding.type is not None else ())
        if isinstance(dim, ast.Name)
    }
    variables = {item.name.id: item.name.span for item in definition.variables}
    started = {item.name.id for item in definition.variables if item.start is not None}
    for name, span in results.items():
        if name not in facts.assigned and name not in parameters and name not in started:
            title = f"the result `{name}` of `{definition.name.id}` is never assigned"
            yield Diagnostic(
                OUTPUT_NOT_ASSIGNED,
                title,
                Label(span, f"`{name}` is always 0"),
                help=f"assign it: `{name} := ..`",
            )
    spans = dict(facts.first) | results | variables | parameters
    own = {
        name: span for name, span in spans.items() if name not in sizes and name not in main.program.globals
    }
    yield from _variables(
        main.program, facts, own, parameters, results, main.facts.first.keys() | main.variables
    )


def _variables(
    program: ProgramContext,
    facts: Facts,
    spans: Mapping[str, Span],
    inputs: Collection[str],
    outputs: Collection[str],
    outside: Collection[str],
) -> Iterator[Diagnostic]:
    """Variables that are never read, or read but never assigned."""
    for name, span in spans.items():
        is_own = name in facts.assigned or name in inputs or name in facts.counters
        if name not in facts.read:
            if name not in outputs and name not in facts.counters:
                what = "input" if name in inputs else "variable"
                yield Diagnostic(
                    UNUSED_VARIABLE,
                    f"the {what} `{name}` is never read",
                    Label(span, "its value is not used"),
                    help="remove it, or use it",
                )
        elif not is_own and name in facts.first and span == facts.first[name] and name not in outputs:
            near = program.nearest(name, spans)
            if name in outside:
                hint = f"a DEF sees no variables of the program: pass `{name}` as an argument"
            else:
                hint = f"did you mean `{near}`?" if near else "assign it first, or add it to the inputs"
            yield Diagnostic(
                NEVER_ASSIGNED,
                f"`{name}` is read, but never assigned",
                Label(facts.read[name], "always 0"),
                help=hint,
            )


# ---- declarations and names --------------------------------------------------------------------


def _unused_declarations(syntax: ast.Program, program: ProgramContext, facts: Facts) -> Iterator[Diagnostic]:
    scopes = [facts, *program.facts.values()]
    called = {name for scope in scopes for name in scope.calls}
    used = {name for scope in scopes for name in scope.read} | _declaration_reads(syntax)
    for item in syntax.items:
        match item:
            case ast.Def() if item.name.id not in called:
                kind = "DEF"
            case ast.Const() if item.name.id not in used:
                kind = "CONST"
            case ast.Param() if item.name.id not in used:
                kind = "PARAM"
            case _:
                continue
        yield Diagnostic(
            UNUSED_DECLARATION,
            f"the {kind} `{item.name.id}` is never used",
            Label(item.name.span, "not used"),
            help="remove it, or use it",
        )


def _declaration_reads(syntax: ast.Program) -> set[str]:
    """Names that sizes in headers and the values of CONSTs and PARAMs mention."""
    exprs: list[ast.Expr] = []
    bindings = list(syntax.header.outputs) if syntax.header is not None else []
    for item in syntax.items:
        match item:
            case ast.Const():
                exprs.append(item.value)
            case ast.Param():
                exprs += (item.value, *item.type.dims)
            case ast.Def():
                bindings += item.results
            case _:
                pass
    for binding in bindings:
        exprs += binding.type.dims if binding.type is not None else ()
    return {part.id for expr in exprs for part in parts(expr) if isinstance(part, ast.Name)}


def _names(names: Mapping[str, Span], program: ProgramContext) -> Iterator[Diagnostic]:
    for name, span in names.items():
        if name in BUILTINS or name in program.definitions or name in program.intrinsics:
            yield Diagnostic(
                LIKE_A_FUNCTION,
                f"the variable `{name}` has the name of a function",
                Label(span, "a variable here"),
                help="give the variable another name",
            )
        if name.upper() in reserved_words():
            yield Diagnostic(
                LIKE_A_KEYWORD,
                f"`{name}` is a name, not the keyword `{name.upper()}`",
                Label(span, "a name here"),
                help=f"write `{name.upper()}` if the keyword is meant, or give it another name",
            )


# ---- comments ----------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<mark>[-+*/(),\[\]]))"
)

_INNER_COMMENT = re.compile(r"//|#")


def _comments(
    comments: Iterable[ast.Comment], source: SourceFile, names: Collection[str]
) -> Iterator[Diagnostic]:
    for comment in comments:
        if not comment.text.startswith("//"):
            continue
        start = comment.span.start
        before = source.text[source.text.rfind("\n", 0, start) + 1 : start].rstrip()
        text = _INNER_COMMENT.split(comment.text[2:])[0].strip()
        if not before or not _ends_with_operand(before) or not _is_code(text, names):
            continue
        yield Diagnostic(
            COMMENT_NOT_DIVISION,
            f"`//` begins a comment, so `{text}` is not part of the program",
            Label(comment.span, "a comment"),
            help="to divide write `/`; for static integers `div(a, b)` rounds down",
            fix=Fix(Span(start, start + 2), "/"),
        )


def _ends_with_operand(before: str) -> bool:
    word = re.search(r"[A-Za-z_0-9.]+$", before)
    return before[-1] in ")]" or (word is not None and word[0].upper() not in reserved_words())


def _is_code(text: str, names: Collection[str]) -> bool:
    """Whether a comment reads as the rest of an expression."""
    position, has_operand = 0, False
    text = text.rstrip("; \t")
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return False
        if (name := token["name"]) is not None and name not in names and name not in BUILTINS:
            return False
        has_operand = has_operand or token["mark"] is None
        position = token.end()
    return has_operand
