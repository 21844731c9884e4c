"""The grammar itself: no conflicts, and the reserved words of the language."""

from __future__ import annotations

import logging

import pytest
from lark import Lark, logger

from tests.strategies.programs import RESERVED
from whilec.resources import grammar_text
from whilec.syntax.build import Builder
from whilec.syntax.lexer import Lexer
from whilec.syntax.tables import load_lark
from whilec.syntax.words import SPELLINGS, describe_expected


def test_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """Lark would settle a shift/reduce conflict silently, and log it only when asked."""
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(grammar_text(), parser="lalr", lexer=Lexer, maybe_placeholders=True)
    finally:
        logger.setLevel(level)
    assert not [record for record in caplog.records if "onflict" in record.getMessage()]


def test_conflicts_would_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark('start: start start | "a"', parser="lalr")
    finally:
        logger.setLevel(level)
    assert [record for record in caplog.records if "onflict" in record.getMessage()]


def test_reserved_words() -> None:
    lexer = load_lark(Builder()).parser.lexer
    assert set(lexer.keywords) == RESERVED | {word.lower() for word in RESERVED}
    assert all(terminal == word.upper() for word, terminal in lexer.keywords.items())


def test_every_rule_is_built() -> None:
    names = {
        name
        for rule in load_lark(Builder()).rules
        if not rule.origin.name.startswith("_") and not (rule.options.expand1 and rule.alias is None)
        for name in (rule.alias or rule.origin.name,)
    }
    assert {name for name in names if not hasattr(Builder, name)} == set()
    assert {name for name in vars(Builder) if not name.startswith("_")} == names


def test_every_terminal_has_words() -> None:
    lark = load_lark(Builder())
    ignored = {*lark.lexer_conf.ignore, "NAME", "NUMBER"}
    signs = (
        {terminal.name for terminal in lark.terminals} - ignored - set(lark.parser.lexer.keywords.values())
    )
    assert set(SPELLINGS) == signs
    for terminal in lark.terminals:
        if terminal.name not in (*lark.lexer_conf.ignore, "SEMICOLON"):
            assert describe_expected({terminal.name})
