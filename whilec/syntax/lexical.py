"""Characters that are no token: what they are, and what to type instead."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import final

from whilec.diagnostics.model import Code, Diagnostic, Example, Fix, Label
from whilec.source import SourceFile, Span

E0101 = Code(
    "E0101",
    "an unknown character",
    """
Programs are written in ASCII: letters, digits, `_`, white space and the signs
`+ - * / = != < <= > >= := -> ( ) [ ] , : ;`. Beyond ASCII there are only `≠`, `≤` and `≥`, which mean
`!=`, `<=` and `>=`. In comments every character is welcome.

Unknown characters often come from a word processor or a web page: a non-breaking space looks like a
space, a typographic minus like `-`. Names consist of the letters `a` to `z` and `A` to `Z`, digits
and `_`; a letter with an accent is not one of them.
""",
    Example("größe := 1\n"),
)

E0102 = Code(
    "E0102",
    "a malformed number",
    """
A whole number is a row of digits: `12`. A real number has a point with digits on both sides, an
exponent, or both: `1.5`, `1e3`, `1.5e-2`. So `1.` is written `1.0` and `.5` is written `0.5`.
There are no other bases, no `_` between digits, and no letters after a number: `2x` is `2 * x`.
""",
    Example("x := .5\n"),
)

E0104 = Code(
    "E0104",
    "an operator of another language",
    """
The operators are `+ - * /`, the comparisons `= != < <= > >=`, and the words `AND`, `OR`, `NOT`.
Assignment is `:=`, equality is `=`, and there are no short forms such as `+=` or `++`:
write `x := x + 1`. Powers are `pow(x, y)`. For static integers the remainder is `mod(a, b)`.
""",
    Example("x += 1\n"),
)

E0105 = Code(
    "E0105",
    "a character string",
    """
Programs compute with numbers and arrays of numbers. There are no texts, and nothing to print them
with: the outputs are what the header names after `->`, or `x0` in a program without a header.
""",
    Example('x := "text"\n'),
)

E0106 = Code(
    "E0106",
    "braces instead of keywords",
    """
Blocks are enclosed by words: `WHILE c DO .. END`, `FOR i FROM 1 TO n DO .. END`, `LOOP n DO .. END`,
`IF c THEN .. ELSE .. END`, `DEF f(x) -> y .. END`. Only the first brace of a file is reported.
""",
    Example("WHILE x > 0 {\n  x := x - 1\n}\n"),
)

E0107 = Code(
    "E0107",
    "a comment of another language",
    """
A comment begins with `//` or `#` and ends at the end of its line. A longer one has the sign on each
of its lines.
""",
    Example("/* the answer */\nx := 42\n"),
)

MAX_FAULTS = 1000
"""Beyond this many the text is no program, and more of the same helps nobody."""

AFTER_NUMBER = r"(?![A-Za-z0-9_.])"
"""What must follow a number, as a regular expression."""

_BAD_NUMBER = r"\.?[0-9](?:[eE][+-](?=[0-9])|[A-Za-z0-9_.])*"

FOREIGN = "|".join(
    (
        _BAD_NUMBER,
        r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?",
        r'"[^"\r\n]*"?',
        r"'[^'\r\n]*'?",
        r"[“„”][^“”„\r\n]*[“”]?",
        r"===?",
        r"!==|!(?!=)",
        r"=>|=<|<=>|<<|>>",
        r"\*\*",
        r"\+\+",
        r"[-+*/%^&|]=",
        r"&&?|\|\|?",
    )
)
"""What other languages write, where no token of this one can begin in the same way."""


@final
@dataclass(frozen=True)
class _Habit:
    """A sign of other languages: the terminal it stands for and what to type."""

    terminal: str | None
    say: str
    replacement: str | None = None


def _same(terminal: str, spelling: str, meaning: str) -> _Habit:
    return _Habit(terminal, f"{meaning} is written `{spelling}`", spelling)


_HABITS = {
    "==": _same("EQUAL", "=", "equality"),
    "===": _same("EQUAL", "=", "equality"),
    "!==": _same("COMPARE", "!=", "inequality"),
    "=>": _same("COMPARE", ">=", "greater or equal"),
    "=<": _same("COMPARE", "<=", "less or equal"),
    "<=>": _Habit("COMPARE", "the comparisons are `= != < <= > >=`"),
    "!": _same("NOT", "NOT ", "negation"),
    "~": _same("NOT", "NOT ", "negation"),
    "¬": _same("NOT", "NOT ", "negation"),
    "&&": _same("AND", "AND", "and"),
    "&": _same("AND", "AND", "and"),
    "∧": _same("AND", "AND", "and"),
    "||": _same("OR", "OR", "or"),
    "|": _same("OR", "OR", "or"),
    "∨": _same("OR", "OR", "or"),
    "**": _Habit("STAR", "a power is written `pow(x, y)`"),
    "^": _Habit("STAR", "a power is written `pow(x, y)`"),
    "%": _Habit("STAR", "the remainder of static integers is written `mod(a, b)`"),
    "<<": _Habit("STAR", "there are no shifts of bits: multiply by a power of two"),
    ">>": _Habit("STAR", "there are no shifts of bits: divide by a power of two"),
    "?": _Habit(None, "choose with a statement: `IF c THEN x := a ELSE x := b END`"),
    ".": _Habit(None, "names have no parts, and ranges are written `FOR i FROM 1 TO n DO`"),
    "−": _same("MINUS", "-", "minus"),
    "–": _same("MINUS", "-", "minus"),
    "—": _same("MINUS", "-", "minus"),
    "×": _same("STAR", "*", "multiplication"),
    "·": _same("STAR", "*", "multiplication"),
    "⋅": _same("STAR", "*", "multiplication"),
    "÷": _same("SLASH", "/", "division"),
    "→": _same("ARROW", "->", "the arrow"),
    "←": _same("ASSIGN", ":=", "assignment"),
    "≔": _same("ASSIGN", ":=", "assignment"),
    "＝": _same("EQUAL", "=", "equality"),
    "，": _same("COMMA", ",", "the comma"),
    "；": _same("SEMICOLON", ";", "the semicolon"),
    "：": _same("COLON", ":", "the colon"),
    "（": _same("LPAR", "(", "the round bracket"),
    "）": _same("RPAR", ")", "the round bracket"),
}

_BRACES = {"{": "LBRACE", "}": "RBRACE"}
_SHORT_ASSIGNMENTS = {
    "+=": "+",
    "-=": "-",
    "*=": "*",
    "/=": "/",
    "%=": "%",
    "^=": "^",
    "&=": "AND",
    "|=": "OR",
}
_WORD = re.compile(r"\w+")
_JUNK = re.compile(r"[^\x20-\x7e\w≠≤≥\t\r\n\f]+")
_TARGET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\[\]\n]{0,40}\])?[ \t]*\Z")


@final
@dataclass(frozen=True)
class Fault:
    """How far the bad text reaches, and the terminal to go on with; None: with nothing."""

    end: int
    terminal: str | None


def is_word(character: str) -> bool:
    """Whether a character outside the alphabet is meant as a part of a name."""
    return len(character) == 1 and not character.isascii() and _WORD.match(character) is not None


def continues_word(text: str, at: int) -> bool:
    """Whether a letter outside the alphabet stands directly after a letter, a digit or `_`."""
    return is_word(text[at]) and (text[at - 1].isalnum() or text[at - 1] == "_")


@final
class Faults:
    """Collects what is wrong with the characters of one text."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._found: list[Diagnostic] = []
        self._brace_seen = False

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found, in the order of the text."""
        return tuple(self._found)

    def at(self, start: int, end: int) -> Fault:
        """Report the bad text that begins with the characters from `start` to `end`."""
        text = self._source.text
        value = text[start:end]
        first = value[0]
        if first in _BRACES:
            return self._brace(start, end, first)
        if value in _SHORT_ASSIGNMENTS or value == "++":
            return self._short_assignment(start, end, value)
        if value.startswith("/*"):
            help_ = "begin each line of the comment with `//`"
            self._add(E0107, "`/*` does not begin a comment", start, end, "not a comment", help_)
            return Fault(end, None)
        if first in "\"'“„”":
            self._add(E0105, "there are no character strings", start, end, "a string", "compute with numbers")
            return Fault(end, "NUMBER")
        if first.isascii() and (first.isdigit() or (first == "." and len(value) > 1)):
            self._number(start, end, value)
            return Fault(end, "NUMBER")
        if value in _HABITS:
            habit = _HABITS[value]
            fix = Fix(Span(start, end), habit.replacement) if habit.replacement is not None else None
            title = f"`{value}` is not an operator of the language"
            self._add(E0104, title, start, end, "unknown operator", habit.say, fix)
            return Fault(end, habit.terminal)
        if is_word(text[end - 1]) or is_word(first):
            return self._word(start)
        match = _JUNK.match(text, start)
        end = match.end() if match is not None else end
        self._character(start, end)
        return Fault(end, None)

    def _brace(self, start: int, end: int, brace: str) -> Fault:
        if not self._brace_seen:
            self._brace_seen = True
            help_ = "write `DO .. END` in a loop, `THEN .. END` in an IF"
            self._add(E0106, "blocks are not enclosed by braces", start, end, "a brace", help_)
        return Fault(end, _BRACES[brace])

    def _short_assignment(self, start: int, end: int, value: str) -> Fault:
        before = _TARGET.search(self._source.text, max(0, start - 80), start)
        target = before[0].strip() if before is not None else "x"
        if value == "++":
            help_ = f"write `{target} := {target} + 1`"
        else:
            help_ = f"write `{target} := {target} {_SHORT_ASSIGNMENTS[value]} ...`"
        self._add(
            E0104, f"`{value}` is not an operator of the language", start, end, "unknown operator", help_
        )
        return Fault(end, None if value == "++" else "ASSIGN")

    def _number(self, start: int, end: int, value: str) -> None:
        label, help_, replacement = _explain_number(value)
        fix = Fix(Span(start, end), replacement) if replacement is not None else None
        self._add(E0102, f"`{_shortened(value)}` is not a number", start, end, label, help_, fix)

    def _word(self, start: int) -> Fault:
        match = _WORD.match(self._source.text, start)
        end = match.end() if match is not None else start + 1
        word = self._source.text[start:end]
        odd = next(character for character in word if not character.isascii())
        help_ = "names consist of the letters `a` to `z`, `A` to `Z`, digits and `_`"
        self._add(
            E0101, f"`{_shortened(word)}` is not a name", start, end, f"contains {_describe(odd)}", help_
        )
        return Fault(end, "NAME")

    def _character(self, start: int, end: int) -> None:
        character = self._source.text[start]
        is_space = unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cf")
        help_ = "type an ordinary space" if is_space else "remove it"
        fix = Fix(Span(start, end), " ") if is_space else None
        title = f"unknown character {_describe(character)}"
        self._add(E0101, title, start, end, "invisible here" if is_space else "unknown", help_, fix)

    def _add(
        self, code: Code, title: str, start: int, end: int, label: str, help_: str, fix: Fix | None = None
    ) -> None:
        if len(self._found) < MAX_FAULTS:
            primary = Label(Span(start, end), label)
            self._found.append(Diagnostic(code, title, primary, help=help_, fix=fix, source=self._source))


def _explain_number(value: str) -> tuple[str, str, str | None]:
    """Label, help and replacement for a malformed number."""
    if re.fullmatch(r"\.[0-9]+(?:[eE][+-]?[0-9]+)?", value):
        return "no digit before the point", f"write `0{value}`", f"0{value}"
    if match := re.fullmatch(r"([0-9]+)\.((?:[eE][+-]?[0-9]+)?)", value):
        better = f"{match[1]}.0{match[2]}"
        return "no digit after the point", f"write `{better}`", better
    if match := re.fullmatch(r"([0-9]+)\.\.+([A-Za-z0-9_]*)", value):
        return "a range?", f"ranges are written `FOR i FROM {match[1]} TO {match[2] or 'n'} DO`", None
    if match := re.fullmatch(r"0([xXbBoO])[0-9A-Fa-f_]+", value):
        try:
            better = str(int(value, 0))
        except ValueError:
            better = None
        return "not decimal", f"write it in decimal: `{better}`" if better else "write it in decimal", better
    if re.fullmatch(r"[0-9]+(?:_[0-9]+)+", value):
        better = value.replace("_", "")
        return "`_` between digits", f"write `{_shortened(better)}`", better
    if re.fullmatch(r"[0-9.]+", value):
        return "more than one point", "a number has at most one point", None
    if match := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)[eE]\Z", value):
        return "no digits in the exponent", f"write `{match[1]}` or an exponent such as `{match[1]}e3`", None
    if match := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z_][A-Za-z0-9_]*)", value):
        if match[2] in ("f", "F", "L", "l", "u", "U", "d", "D", "j", "n"):
            return "a letter after the number", f"write `{match[1]}`", match[1]
        return (
            "a letter after the number",
            f"write `{match[1]} * {match[2]}` if a product is meant; a name cannot begin with a digit",
            None,
        )
    return "malformed", "numbers look like `12`, `1.5`, `1e3` or `1.5e-2`", None


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _describe(character: str) -> str:
    """A character for people: itself where it can be seen, and its number and name."""
    point = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    if character.isprintable() and not character.isspace():
        return f"`{character}` ({point}, {name})" if name and not character.isascii() else f"`{character}`"
    return f"{point} ({name})" if name else point
