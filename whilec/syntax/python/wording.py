"""Messages of the checker about a Python function: its terms in the spelling of Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from whilec.diagnostics.model import Diagnostic, Label

_WORDS: Final = {"WHILE": "while", "FOR": "for", "IF": "if", "LOOP": "for"}


def _keyword(match: re.Match[str]) -> str:
    return f"{match[1]} `{_WORDS[match[2]]}`"


_RULES: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (
            r"declare an array: `(\w+): real\[n\]` in the header, or `",
            r'annotate it: `\1: whilec.Real["n"]`, or `',
        ),
        (r"`DEF (\w+)\(\.\.\) -> y \.\. END`", r"`@whilec.smooth def \1(..):`, above this function"),
        (r"\bPARAM (\w+): real = ", r"*, \1: whilec.Real = "),
        (r"\bVAR (\w+): real\[(\d+)\]", r"\1: whilec.Real[\2]"),
        (r"\bVAR (\w+): real\[([^\]]+)\]", r'\1: whilec.Real["\2"]'),
        (r"`(\w+): real\[n, m\]`", r'`\1: whilec.Real["n", "m"]`'),
        (r"`(\w+): real\[([^\]]+)\]`", r'`\1: whilec.Real["\2"]`'),
        (r"`(\w+): real`", r"`\1: whilec.Real`"),
        (r"\bCONST (\w+) = (\S+)`", r"\1: Final = \2`"),
        (r"\bdegree\(", "float("),
        (r" := ", " = "),
        (r"\bFOR variables\b", "variables of `for`"),
        (r"\bFOR variable\b", "variable of a `for`"),
        (r"\binteger CONSTs\b", "integer constants"),
        (r"\ba CONST\b", "a constant"),
        (r"\bthe DEF\b", "the function"),
        (r"\ba DEF\b", "a function"),
        (r"\b(the|this|a|use|as|static) (WHILE|FOR|IF|LOOP)\b", _keyword),
        (
            r"rename one of the two",
            "a name is returned once, and is no parameter after `*`: copy it, `y = x`",
        ),
    )
)


def in_python(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same diagnostics for someone who writes Python."""
    return tuple(_translated(each) for each in diagnostics)


def _translated(given: Diagnostic) -> Diagnostic:
    return replace(
        given,
        title=_spelled(given.title),
        primary=None if given.primary is None else _label(given.primary),
        labels=tuple(_label(label) for label in given.labels),
        help=None if given.help is None else _spelled(given.help),
        notes=tuple(_spelled(note) for note in given.notes),
        fix=None if given.fix is None else replace(given.fix, replacement=_spelled(given.fix.replacement)),
    )


def _label(given: Label) -> Label:
    return replace(given, text=_spelled(given.text))


def _spelled(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
