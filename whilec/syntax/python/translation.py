"""A Python function with all that it calls to one program."""

from __future__ import annotations

import ast as python
import re
import warnings
from collections.abc import Mapping

from whilec.diagnostics.model import Diagnostic, Label, WhileError
from whilec.source import SourceFile, Span
from whilec.syntax import ast
from whilec.syntax.depth import deep_recursion
from whilec.syntax.limits import check_levels
from whilec.syntax.python.calls import FUNCTION
from whilec.syntax.python.function import Function, translate_function, variables_of
from whilec.syntax.python.places import Places
from whilec.syntax.python.reading import NO_FUNCTION, NO_SOURCE, Written, read_function
from whilec.syntax.python.types import ANNOTATION
from whilec.syntax.python.unit import Parts, Unit

_CLASS = re.compile(r"C(?:_INF|0|[1-9][0-9]{0,8})")


def translate(function: object, *, require: str | None = None) -> tuple[SourceFile, ast.Program]:
    """The program that a Python function is, and the file that its spans refer to.

    Args:
        function: A plain function, written in a file.
        require: The smoothness that the program promises: `C0`, `C1`, ... or `C_INF`.

    Raises:
        WhileError: The function goes beyond the language; all its problems are told.
    """
    written = read_function(function)
    program = translate_source(written.source, written.name, written.line, written.namespace, require=require)
    return written.source, program


def translate_source(
    source: SourceFile, name: str, line: int, namespace: Mapping[str, object], *, require: str | None = None
) -> ast.Program:
    """The program that the function `name` is whose text begins in a line of a Python file.

    Args:
        source: The whole file.
        name: The function's name.
        line: The line of its first decorator, or of its `def`, from 1.
        namespace: What the names outside of the function stand for.
        require: The smoothness that the program promises.

    Raises:
        WhileError: The function goes beyond the language; all its problems are told.
    """
    with deep_recursion():
        return _Program(Written(source, name, line, namespace)).translate(require)


class _Program:
    """One translation."""

    def __init__(self, main: Written) -> None:
        self._main = main
        self._parts = Parts(main.source, self._define)
        self._names: dict[str, object] = {main.name: None}
        self._active: set[object] = set()

    def translate(self, require: str | None) -> ast.Program:
        """The whole program."""
        node, places = _find(self._main)
        function = self._function(self._main, node, places, None)
        parts = self._parts
        span = places.span(node)
        promise = () if require is None else (self._require(require, places.name(node)),)
        if parts.problems:
            raise WhileError(*_in_order(parts.problems, self._main.source))
        head = _head(function)
        program = ast.Program(
            ast.Header(function.name, function.inputs, function.outputs, span=head),
            (
                *parts.constants.values(),
                *parts.parameters.values(),
                *promise,
                *function.variables,
                *parts.definitions.values(),
                *function.body,
            ),
            span=span,
        )
        too_deep = check_levels(program)
        if too_deep:
            raise WhileError(*(problem.in_source(self._main.source) for problem in too_deep))
        return program

    def _function(
        self, written: Written, node: python.FunctionDef, places: Places, moved: Span | None
    ) -> Function:
        names, loop_names = variables_of(node)
        unit = Unit(self._parts, places, node.name, written.namespace, names, loop_names, moved)
        return translate_function(unit, node)

    def _define(self, function: object, call: Span) -> str | None:
        """Add a called function as a DEF."""
        written = read_function(function)
        known = self._names.get(written.name, function)
        if known is not function or function in self._active:
            is_cycle = function in self._active
            title = (
                f"`{written.name}` calls itself through another function"
                if is_cycle
                else f"two functions are called `{written.name}`"
            )
            hint = "write a loop" if is_cycle else "rename one of the two"
            self._parts.problems.append(
                Diagnostic(FUNCTION, title, Label(call, "called here"), help=hint, source=self._main.source)
            )
            return None
        if written.name in self._names:
            return written.name
        self._names[written.name] = function
        self._active.add(function)
        is_near = written.source == self._main.source
        node, places = _find(written)
        inner = self._function(written, node, places, None if is_near else call)
        self._active.discard(function)
        head = call if not is_near else _head(inner)
        self._parts.definitions[written.name] = ast.Def(
            inner.name,
            inner.inputs,
            inner.outputs,
            inner.variables,
            inner.body,
            head=head,
            span=places.span(node) if is_near else call,
        )
        return written.name

    def _require(self, written: str, span: Span) -> ast.Require:
        if not _CLASS.fullmatch(written):
            self._parts.problems.append(
                Diagnostic(
                    ANNOTATION,
                    f"`require={written!r}` is no smoothness class",
                    Label(span, "of this function"),
                    help='write `require="C0"`, `"C1"`, ... or `"C_INF"`',
                    source=self._main.source,
                )
            )
            return ast.Require(None, span=span)
        return ast.Require(None if written == "C_INF" else int(written[1:]), span=span)


def _find(written: Written) -> tuple[python.FunctionDef, Places]:
    """The function in its file."""
    source = written.source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = python.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _unreadable(written, f"{source.name} is not valid Python: {error}"[:200]) from None
    for node in python.walk(tree):
        if isinstance(node, python.FunctionDef | python.AsyncFunctionDef) and node.name == written.name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == written.line and isinstance(node, python.FunctionDef):
                return node, Places(source)
            if first == written.line:
                raise WhileError(
                    Diagnostic(
                        NO_FUNCTION,
                        f"`{node.name}` is a coroutine",
                        Label(Places(source).name(node), "async"),
                        help="leave out `async`",
                        source=source,
                    )
                )
    raise _unreadable(written, f"line {written.line} of {source.name} has no function of this name")


def _unreadable(written: Written, note: str) -> WhileError:
    return WhileError(
        Diagnostic(
            NO_SOURCE,
            f"the source of `{written.name}` is not as it was when it was loaded",
            help="load the module again",
            notes=(note,),
        )
    )


def _head(function: Function) -> Span:
    last = (*function.inputs, *function.outputs)
    span = function.name.span
    on_line = [binding.span for binding in last if binding in function.inputs]
    return span.to(on_line[-1]) if on_line and on_line[-1].end >= span.end else span


def _in_order(problems: list[Diagnostic], source: SourceFile) -> list[Diagnostic]:
    """By place; those in other files last."""
    return sorted(
        problems, key=lambda d: (d.source != source, d.primary.span if d.primary is not None else Span(0, 0))
    )
