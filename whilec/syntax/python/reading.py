"""A Python function to its text and its place in it."""

from __future__ import annotations

import inspect
import linecache
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import final
from weakref import WeakKeyDictionary

from whilec.diagnostics.model import Code, Diagnostic, WhileError
from whilec.source import SourceFile
from whilec.syntax.python.example import python_example
from whilec.syntax.python.outside import smooth_function

NO_SOURCE = Code(
    "E0140",
    "a Python function whose source cannot be read",
    """
`whilec.smooth` reads the text of a function and not its bytecode, so that its messages can point at
lines. The text must be in a file, a notebook cell or a doctest. It is unknown for functions typed at
Python's prompt and for those made by `exec`, and a file that has changed since it was loaded may no longer
have the function where it was. Write the function into a file, and load it again after a change; or write
the program as a text in the language itself.
""",
    python_example(
        'import whilec\n\nexec("def f(x):\\n    return x", names := {})\nwhilec.smooth(names["f"])\n'
    ),
)


NO_FUNCTION = Code(
    "E0141",
    "something that is not a plain Python function",
    """
What becomes a program is a function written with `def` outside of a class. A lambda has no statements, a
method needs its object, a coroutine or generator gives its results bit by bit, and a function that another
decorator has wrapped is not the one that one reads. Write a plain function, and let `@whilec.smooth` be its
only decorator, or the last one to be applied.
""",
    python_example("import whilec\n\nwhilec.smooth(lambda x: x + 1)\n"),
)


_HELP = "write a function with `def`, outside of a class, and decorate it"


@final
@dataclass(frozen=True)
class Written:
    """A function as it is written.

    Args:
        source: The whole file.
        name: The function's name.
        line: The line of its first decorator, or of its `def`.
        namespace: The names that it sees from outside.
    """

    source: SourceFile
    name: str
    line: int
    namespace: Mapping[str, object]


def read_function(function: object) -> Written:
    """The text of a Python function.

    Raises:
        WhileError: It is no plain function, or nobody knows its text.
    """
    if not isinstance(function, FunctionType):
        if hasattr(function, "__wrapped__") and smooth_function(function) is None:
            raise _wrapped(function)
        raise _no_function(f"`smooth` takes a Python function, not {_what(function)}")
    code = function.__code__
    if code.co_name == "<lambda>":
        raise _no_function("a lambda cannot become a program")
    if hasattr(function, "__wrapped__"):
        raise _wrapped(function)
    around = function.__qualname__.rpartition(".")[0]
    if around and not around.endswith("<locals>"):
        raise _no_function(f"`{function.__qualname__}` is a method")
    closure = inspect.getclosurevars(function).nonlocals
    namespace = ChainMap(dict(closure), function.__globals__)
    return Written(_source(function), code.co_name, code.co_firstlineno, namespace)


_known_sources: WeakKeyDictionary[FunctionType, SourceFile] = WeakKeyDictionary()
"""Texts as they were when the functions were read first: files change, and cells are forgotten."""


def _source(function: FunctionType) -> SourceFile:
    """The file that a function stands in."""
    known = _known_sources.get(function)
    if known is not None:
        return known
    code = function.__code__
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if not text:
        raise WhileError(
            Diagnostic(
                NO_SOURCE,
                f"the source of `{code.co_name}` is not known",
                help="write the function into a file, or the program as text for `whilec.compile_source`",
                notes=(f"Python says that it was defined in {code.co_filename}",),
            )
        )
    return _known_sources.setdefault(function, SourceFile(code.co_filename, text))


def _no_function(title: str, help: str = _HELP) -> WhileError:
    return WhileError(Diagnostic(NO_FUNCTION, title, help=help))


def _wrapped(function: object) -> WhileError:
    name = getattr(function, "__name__", "the function")
    return _no_function(
        f"`{name}` is wrapped by another decorator", "let `@whilec.smooth` be the lowest decorator"
    )


def _what(found: object) -> str:
    if inspect.isclass(found):
        return "a class"
    if inspect.ismethod(found):
        return "a method"
    if inspect.isbuiltin(found):
        return "a function that is not written in Python"
    return f"an object of the type `{type(found).__name__}`"
