"""Recognisers of syntax errors: what was probably meant, and how to go on."""

from __future__ import annotations

from typing import Final

from whilec.syntax.mistakes import blocks, declarations, expressions, general, heads, statements
from whilec.syntax.situation import Finding, Recogniser, Situation

_RECOGNISERS: Final[tuple[Recogniser, ...]] = (
    general.mixed_keyword,
    blocks.brace,
    blocks.named_end,
    blocks.end_of_file,
    blocks.stray_end,
    blocks.stray_else,
    declarations.misplaced,
    declarations.missing_type,
    declarations.default_value,
    declarations.missing_size,
    statements.foreign_word,
    statements.misspelt_keyword,
    heads.for_without_from,
    heads.def_without_results,
    statements.equal_sign,
    statements.declaration_like,
    statements.lone_call,
    statements.assignment_to_expression,
    statements.second_assignment,
    heads.missing_do_or_then,
    expressions.with_without_steepness,
    expressions.missing_operator,
    expressions.reserved_word,
    expressions.chained_comparison,
    expressions.second_index,
    expressions.array_literal,
    expressions.choice_in_expression,
    expressions.bracket,
    general.unfinished_line,
    statements.lone_expression,
    general.unexpected,
)


def recognise(situation: Situation) -> Finding:
    """What the first recogniser that knows the situation says; the last one always does."""
    for recogniser in _RECOGNISERS:
        finding = recogniser(situation)
        if finding is not None:
            return finding
    raise AssertionError("`general.unexpected` recognises everything")
