"""Random syntax trees of the whole language, and random spellings of their text.

The trees are what the parser can make, but need not make sense: names need not be declared.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from whilec.source import SourceFile, Span
from whilec.syntax import ast
from whilec.syntax.parser import scan

NOWHERE = Span(0, 0)

RESERVED = frozenset(
    [
        "WHILE",
        "DO",
        "END",
        "IF",
        "THEN",
        "ELSEIF",
        "ELSE",
        "FOR",
        "FROM",
        "TO",
        "STEP",
        "LOOP",
        "DEF",
        "PROGRAM",
        "CONST",
        "PARAM",
        "REQUIRE",
        "VAR",
        "AND",
        "OR",
        "NOT",
        "WITH",
    ]
)

# Words that are keywords only by their place, keywords in mixed letters, names of functions.
TRICKY = (
    "real",
    "int",
    "C0",
    "C_INF",
    "STEEPNESS",
    "steepness",
    "While",
    "eND",
    "_",
    "degree",
    "max",
    "e5",
    "x0",
)

names = st.one_of(
    st.sampled_from(("x", "y", "a", "n", "x1")),
    st.sampled_from(TRICKY),
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
        lambda name: name not in RESERVED and name.upper() not in RESERVED
    ),
)


def name_nodes() -> st.SearchStrategy[ast.Name]:
    return names.map(lambda name: ast.Name(name, span=NOWHERE))


def numbers() -> st.SearchStrategy[ast.Number]:
    values = st.one_of(
        st.integers(0, 12),
        st.integers(0, 10**40),
        st.floats(0, allow_infinity=False, allow_nan=False).map(abs),
        st.sampled_from((0.0, 1.5, 1e-7, 1e16, 5e-324, 1.7976931348623157e308)),
    )
    return values.map(lambda value: ast.Number(value, span=NOWHERE))


def _call(function: ast.Name, arguments: list[tuple[ast.Name | None, ast.Expr]]) -> ast.Call:
    # In a call of `degree` an equation is a condition, so it has no named arguments.
    return ast.Call(
        function,
        tuple(
            ast.Argument(None if function.id == "degree" else name, value, span=NOWHERE)
            for name, value in arguments
        ),
        span=NOWHERE,
    )


def _composite(inner: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Expr]:
    indices = st.lists(inner, min_size=1, max_size=3).map(tuple)
    arguments = st.lists(st.tuples(st.none() | name_nodes(), inner), max_size=3)
    return st.one_of(
        st.builds(ast.Index, name_nodes(), indices, span=st.just(NOWHERE)),
        st.builds(ast.Negate, inner, span=st.just(NOWHERE)),
        st.builds(ast.Binary, st.sampled_from("+-*/"), inner, inner, span=st.just(NOWHERE)),
        st.builds(_call, name_nodes(), arguments),
        st.builds(
            ast.Compare,
            st.sampled_from(("=", "!=", "<", "<=", ">", ">=")),
            inner,
            inner,
            st.none() | inner,
            op_span=st.just(NOWHERE),
            span=st.just(NOWHERE),
        ),
        st.builds(ast.Connective, st.sampled_from(("AND", "OR")), inner, inner, span=st.just(NOWHERE)),
        st.builds(ast.Not, inner, span=st.just(NOWHERE)),
    )


def expressions(leaves: int = 12) -> st.SearchStrategy[ast.Expr]:
    """Any expression."""
    return st.recursive(numbers() | name_nodes(), _composite, max_leaves=leaves)


def _spanned(node: type, *fields: st.SearchStrategy[Any], head: bool = False) -> st.SearchStrategy[Any]:
    spans = {"span": st.just(NOWHERE)} | ({"head": st.just(NOWHERE)} if head else {})
    return st.builds(node, *fields, **spans)


small = expressions(5)
targets = name_nodes() | _spanned(ast.Index, name_nodes(), st.lists(small, min_size=1, max_size=2).map(tuple))
assignments = _spanned(
    ast.Assign,
    st.lists(targets, min_size=1, max_size=3).map(tuple),
    st.lists(expressions(), min_size=1, max_size=3).map(tuple),
)


def _blocks(inner: st.SearchStrategy[ast.Stmt]) -> st.SearchStrategy[ast.Stmt]:
    body = st.lists(inner, max_size=3).map(tuple)
    branches = st.lists(_spanned(ast.Branch, small, body, head=True), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        _spanned(ast.While, small, body, head=True),
        _spanned(ast.Loop, small, body, head=True),
        _spanned(ast.For, name_nodes(), small, small, st.none() | small, body, head=True),
        _spanned(ast.If, branches, st.none() | body),
    )


def statements(leaves: int = 8) -> st.SearchStrategy[ast.Stmt]:
    """Any statement."""
    return st.recursive(assignments, _blocks, max_leaves=leaves)


types = _spanned(ast.TypeExpr, st.sampled_from(("real", "int")), st.lists(small, max_size=2).map(tuple))
bindings = _spanned(ast.Binding, name_nodes(), st.none() | types)
headers = _spanned(
    ast.Header,
    name_nodes(),
    st.lists(bindings, max_size=3).map(tuple),
    st.lists(bindings, max_size=2).map(tuple),
)
variables = _spanned(ast.Var, name_nodes(), types, st.none() | small)
declarations = st.one_of(
    _spanned(ast.Const, name_nodes(), small),
    _spanned(ast.Param, name_nodes(), types, small),
    _spanned(ast.Require, st.none() | st.integers(0, 99)),
    variables,
    _spanned(
        ast.Def,
        name_nodes(),
        st.lists(bindings, max_size=3).map(tuple),
        st.lists(bindings, min_size=1, max_size=2).map(tuple),
        st.lists(variables, max_size=2).map(tuple),
        st.lists(statements(4), max_size=3).map(tuple),
        head=True,
    ),
)


def programs() -> st.SearchStrategy[ast.Program]:
    """Any program that the parser can make."""
    items = st.lists(declarations | statements(), max_size=5).map(tuple)
    return _spanned(ast.Program, st.none() | headers, items)


_COMMENTS = ("// why", "# because: := WHILE (", "//", "//// {%é”} \t", "# END  ")
_GAPS = (" ", "\n", "  ", "\t", "\r\n", "\n\n\n", " \f ")
_OTHER_SPELLINGS = {"!=": ("<>", "≠"), "<=": ("≤",), ">=": ("≥",)}


@st.composite
def respelt(draw: st.DrawFn, text: str) -> str:
    """The same tokens with other white space, comments, spellings, `;` and brackets."""
    parts: list[str] = []
    for token in scan(SourceFile("<canonical>", text)).tokens:
        spelling = token.value
        if token.type in RESERVED and draw(st.booleans()):
            spelling = spelling.lower()
        elif spelling in _OTHER_SPELLINGS and draw(st.booleans()):
            spelling = draw(st.sampled_from(_OTHER_SPELLINGS[spelling]))
        elif token.type == "NUMBER" and draw(st.booleans()):
            spelling = f"({spelling} )"
        parts.append(spelling)
        if token.type in ("DO", "ELSE", "END") and draw(st.booleans()):
            parts.append(";;")
        gap = draw(st.sampled_from(_GAPS))
        if draw(st.integers(0, 7)) == 0:
            gap += draw(st.sampled_from(_COMMENTS)) + draw(st.sampled_from(("\n", "\r\n", "\n \n")))
        parts.append(gap)
    if draw(st.booleans()):
        parts.append(draw(st.sampled_from(_COMMENTS)))
    return draw(st.sampled_from(("", ";", "\n\n", "// first\n", "\ufeff"))) + "".join(parts)
