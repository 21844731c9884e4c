"""Test blocks in the comments of program files, read into cases.

A comment line `// ==` starts a block, which goes on to the next line that is no comment. A case
begins with `input { NAME = VALUE, ... }`; any of `output { ... }`, `smooth hard, 0, inf`,
`tolerance 1e-5`, `error E0207` and the options of a run (`steepness 2`) follow, in any order, on
the same line or on further ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

from whilec.diagnostics.model import Code, Diagnostic, Example, Label, WhileError
from whilec.diagnostics.suggest import nearest
from whilec.driver.choices import READERS, read_not_negative, read_smooth
from whilec.driver.values import Value, read_words
from whilec.semantics.options import Options, Smooth
from whilec.source import SourceFile, Span

E0661 = Code(
    "E0661",
    "a test block is malformed",
    """
A comment line `// ==` starts a block of tests; the comment lines after it are cases such as

```while
// ==
// input { x1 = 3, x2 = 4 }  smooth hard, 0, 1  output { x0 = 12 }
// input { x1 = 3, x2 = 4 }  smooth inf         output { x0 = 5.92 }  tolerance 1e-2
// input { a = [1, 2] }      error E0657
```

Each case begins with `input`, in braces, and says what comes out (`output`) or which error
(`error`). `smooth` names the modes to run in, `hard` if it is left out; `tolerance` is relative,
by default 0 in hard mode and 1e-6 otherwise. `steepness`, `compare_steepness`, `epsilon`,
`max_trips`, `max_steps`, `loops`, `phi` and `domain` are the options of `whilec run`; `max_steps` is
10 million if it is left out, so that a loop without end is noticed soon. A case may go
on over several lines; the block ends with the first line that is no comment. A second `//` in a
line begins a remark.
""",
    Example("x0 := x1 + 0\n// ==\n// input { x1 = 3 output { x0 = 3 }", "test {file}"),
)

W0661 = Code(
    "W0661",
    "a test outside of a test block",
    """
A comment looks like a test, `input { ... }`, but stands in no test block, so it is never run. A block
starts with a comment line of its own that is just `// ==`: with two slashes or one `#`, and two
equals signs, not behind a statement. It ends with the first line that is no comment, and an empty line
is none. Put `// ==` above the test, or take the empty line out.
""",
    Example("x0 := x1 + 0\n// ===\n// input { x1 = 3 } output { x0 = 3 }", "test {file}"),
)

MAX_STEPS = 10**7
"""Most statements of one test that does not say."""

_COMMENT = re.compile(r"[ \t]*(?://|#)(.*?)(?:\s(?://|#).*)?$")
_START = re.compile(r"\s*==\s*")
_CASE = re.compile(r"[ \t]*(input)\s*\{")
_TOKEN = re.compile(r"[\[\]{},=]|[^\[\]{},=\s]+")
_CODE = re.compile(r"[EW]\d{4}")


@final
@dataclass(frozen=True)
class Case:
    """One test: inputs, how to run, and what must come out.

    Args:
        span: Its text, from `input` to its last word.
        inputs: Value of each input.
        outputs: Value wanted of some outputs; None where an error is wanted.
        error: Code of the error wanted.
        modes: Modes to run in, at least one.
        options: The other options.
        tolerance: Largest relative error; None: exact in hard mode, else 1e-6.
    """

    span: Span
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value] | None = None
    error: str | None = None
    modes: tuple[Smooth, ...] = ("hard",)
    options: Options = field(default_factory=Options)
    tolerance: float | None = None


def read_cases(source: SourceFile) -> tuple[Case, ...]:
    """All cases in the test blocks of a program.

    Raises:
        WhileError: With one diagnostic for each malformed case.
    """
    cases: list[Case] = []
    problems: list[Diagnostic] = []
    for block in _blocks(source):
        for words in _split_cases(block, source):
            try:
                cases.append(_Reader(source, words).read())
            except WhileError as error:
                problems.extend(error.diagnostics)
    if problems:
        raise WhileError(*problems)
    return tuple(cases)


def lost_cases(source: SourceFile) -> Iterator[Diagnostic]:
    """A warning for each comment outside of the test blocks that looks like a test."""
    is_quiet = False  # in a block, and where the comment had its warning
    offset = 0
    for line in source.text.split("\n"):
        comment = _COMMENT.match(line)
        case = None if comment is None else _CASE.match(comment[1])
        if comment is None:
            is_quiet = False
        elif _START.fullmatch(comment[1]):
            is_quiet = True
        elif case is not None and not is_quiet:
            is_quiet = True
            at = offset + comment.start(1)
            yield Diagnostic(
                W0661,
                "a test that is not run",
                Label(Span(at + case.start(1), at + case.end(1)), "stands in no test block"),
                help="begin the block with the line `// ==`, and leave no empty line in it",
                source=source,
            )
        offset += len(line) + 1


def _blocks(source: SourceFile) -> Iterator[list[Span]]:
    """The words of each block."""
    block: list[Span] | None = None
    offset = 0
    for line in source.text.split("\n"):
        comment = _COMMENT.match(line)
        if comment is None or _START.fullmatch(comment[1]):
            if block:
                yield block
            block = None if comment is None else []
        elif block is not None:
            at, end = offset + comment.start(1), offset + comment.end(1)
            block.extend(Span(*word.span()) for word in _TOKEN.finditer(source.text, at, end))
        offset += len(line) + 1
    if block:
        yield block


def _split_cases(words: list[Span], source: SourceFile) -> Iterator[list[Span]]:
    """Groups that begin with `input` outside of braces; the first group may begin otherwise."""
    start = 0
    for at, word in enumerate(words):
        follows = source.snippet(words[at + 1]) if at + 1 < len(words) else ""
        if at > start and source.snippet(word) == "input" and follows == "{":
            yield words[start:at]
            start = at
    yield words[start:]


@final
class _Reader:
    """Reads one case, word by word."""

    def __init__(self, source: SourceFile, words: list[Span]) -> None:
        self.source: Final = source
        self.words: Final = words
        self.at = 0
        self.given: dict[str, Any] = {}
        self.options: dict[str, Any] = {}

    def read(self) -> Case:
        """The case that all the words make."""
        first = self.words[0]
        if self.peek() != "input":
            raise self.wrong(
                first, "a case begins with `input { ... }`", "write `input { }` where there is none"
            )
        while self.at < len(self.words):
            clause = self.words[self.at]
            name = self.take()
            read = _CLAUSES.get(name)
            if read is None and name not in READERS:
                near = nearest(name, [*_CLAUSES, *READERS])
                raise self.wrong(
                    clause,
                    "not a part of a test",
                    f"did you mean `{near}`?"
                    if near is not None
                    else f"parts of a test are {', '.join(f'`{word}`' for word in [*_CLAUSES, *READERS])}",
                )
            table, value = (self.given, read(self)) if read is not None else (self.options, self.option(name))
            if name in table:
                raise self.wrong(clause, "given twice in this case", f"keep one `{name}`")
            table[name] = value
        span = first.to(self.words[-1])
        if ("output" in self.given) == ("error" in self.given):
            label = "nothing to compare with" if "output" not in self.given else "both `output` and `error`"
            raise self.wrong(span, label, "say `output { NAME = VALUE }` or `error CODE`, one of the two")
        if self.given.get("output") == {}:
            raise self.wrong(
                span, "an `output` without a value checks nothing", "name an output and its value"
            )
        return Case(
            span,
            self.given["input"],
            self.given.get("output"),
            self.given.get("error"),
            self.given.get("smooth", ("hard",)),
            replace(Options(max_steps=MAX_STEPS), **self.options),
            self.given.get("tolerance"),
        )

    def peek(self) -> str:
        """The next word, or an empty text at the end."""
        return self.source.snippet(self.words[self.at]) if self.at < len(self.words) else ""

    def take(self) -> str:
        """The next word, which is there, and go on."""
        self.at += 1
        return self.source.snippet(self.words[self.at - 1])

    def expect(self, word: str, label: str) -> None:
        """Go past a word that must come next."""
        if self.peek() != word:
            raise self.wrong(self.here(), label)
        self.at += 1

    def here(self) -> Span:
        """The next word's place, or the end of the case."""
        if self.at < len(self.words):
            return self.words[self.at]
        return Span(self.words[-1].end, self.words[-1].end)

    def values(self) -> dict[str, Value]:
        """`{ NAME = VALUE, ... }`."""
        opening = self.here()
        self.expect("{", "`{` must stand here")
        values: dict[str, Value] = {}
        while self.peek() != "}":
            place = self.here()
            if self.at >= len(self.words):
                raise self.wrong(opening, "this `{` has no `}`")
            name = self.take()
            if not name.isidentifier():
                raise self.wrong(place, "a name must stand here")
            self.expect("=", "`=` must stand here")
            if name in values:
                raise self.wrong(place, "given twice")
            values[name] = self.value(opening)
            if self.peek() == ",":
                self.at += 1
        self.at += 1
        return values

    def value(self, opening: Span) -> Value:
        """The value up to the next comma or brace outside of brackets."""
        first, depth = self.here(), 0
        start = self.at
        while depth > 0 or self.peek() not in (",", "}"):
            if self.peek() in ("", "{"):
                raise self.wrong(opening, "this `{` has no `}`")
            depth += {"[": 1, "]": -1}.get(self.take(), 0)
        if self.at == start:
            raise self.wrong(first, "a value must stand before this")
        return read_words(self.source, self.words[start : self.at])

    def modes(self) -> tuple[Smooth, ...]:
        """`hard, 0, inf`."""
        modes = [self.converted(read_smooth)]
        while self.peek() == ",":
            self.at += 1
            modes.append(self.converted(read_smooth))
        return tuple(modes)

    def code(self) -> str:
        """`E0207`."""
        place = self.here()
        if self.at >= len(self.words) or _CODE.fullmatch(self.take()) is None:
            raise self.wrong(place, "a code such as `E0657` must stand here")
        return self.source.snippet(place)

    def tolerance(self) -> float:
        """A relative error >= 0."""
        return self.converted(read_not_negative)

    def option(self, name: str) -> Any:
        """The value of an option of `whilec run`."""
        return self.converted(READERS[name])

    def converted(self, read: Callable[[str], Any]) -> Any:
        """The next word, read by one of the option readers."""
        place = self.here()
        if self.at >= len(self.words):
            raise self.wrong(place, "a value is missing here")
        try:
            return read(self.take())
        except ValueError as error:
            raise self.wrong(place, str(error)) from None

    def wrong(self, span: Span, label: str, help_text: str | None = None) -> WhileError:
        """The error for a malformed case."""
        help_text = help_text or "write `input { NAME = VALUE }  output { NAME = VALUE }`"
        return WhileError(
            Diagnostic(E0661, "a test is malformed", Label(span, label), help=help_text, source=self.source)
        )


_CLAUSES: Mapping[str, Callable[[_Reader], Any]] = {
    "input": _Reader.values,
    "output": _Reader.values,
    "smooth": _Reader.modes,
    "error": _Reader.code,
    "tolerance": _Reader.tolerance,
}
"""Parts of a case that are not options; `smooth` stands here because it takes a list."""
