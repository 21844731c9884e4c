"""The LALR tables that Lark makes from the grammar, and questions to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, final

from lark import Lark
from lark.parsers.lalr_analysis import Shift

from whilec.resources import cache_folder, grammar_text
from whilec.syntax.build import Builder
from whilec.syntax.lexer import END_OF_TEXT, Lexer


def load_lark(builder: Builder) -> Any:
    """Lark's parser for the grammar, which calls the builder; its tables are kept on disk.

    Lark's types do not say what its parts are, so this module and the parser do without them.
    """
    file = _tables_file()
    return Lark(
        grammar_text(),
        parser="lalr",
        lexer=Lexer,
        transformer=builder,
        maybe_placeholders=True,
        cache=str(file) if file is not None else False,
    )


def _tables_file() -> Path | None:
    """Where the tables are kept; None where that is no file: reading a pipe might never end."""
    folder = cache_folder()
    if folder is None:
        return None
    file = folder / "grammar.lark-tables"
    return file if file.is_file() or not file.exists() else None


class Reduction(NamedTuple):
    """A rule that is complete: how many values it takes, what it makes of them."""

    size: int
    origin: str
    callback: Callable[[list[Any]], Any]


Action: TypeAlias = int | Reduction
"""What to do at a terminal: go to a state, or reduce first."""
Actions: TypeAlias = dict[int, dict[str, Action]]


@final
@dataclass(frozen=True)
class Tables:
    """Which terminals a stack of parser states can take."""

    states: dict[int, dict[str, tuple[Any, Any]]]
    end_state: int
    terminals: frozenset[str]

    @classmethod
    def of(cls, lark: Any) -> Tables:
        """The tables of a parser that Lark has made."""
        configuration = lark.parse_interactive().parser_state.parse_conf
        names = {terminal.name for terminal in lark.terminals} - set(lark.lexer_conf.ignore)
        return cls(configuration.states, configuration.end_state, frozenset(names | {END_OF_TEXT}))

    def actions(self, callbacks: Mapping[Any, Callable[[list[Any]], Any]]) -> Actions:
        """The tables in the form that reads fastest: Lark's own loop looks rules up by content."""

        def plain(action: tuple[Any, Any]) -> Action:
            kind, argument = action
            if kind is Shift:
                return argument
            return Reduction(len(argument.expansion), argument.origin.name, callbacks[argument])

        return {
            state: {name: plain(action) for name, action in row.items()} for state, row in self.states.items()
        }

    def shifts(self, state: int, terminal: str) -> bool:
        """Whether the terminal can come next in this very state."""
        action = self.states[state].get(terminal)
        return action is not None and action[0] is Shift

    def accepts(self, stack: list[int], terminal: str) -> bool:
        """Whether the terminal can come next, after any reductions; the stack stays as it is."""
        below = len(stack)
        above: list[int] = []
        while True:
            action = self.states[above[-1] if above else stack[below - 1]].get(terminal)
            if action is None:
                return False
            if action[0] is Shift:
                return True
            rule = action[1]
            size = len(rule.expansion)
            taken = min(size, len(above))
            del above[len(above) - taken :]
            below -= size - taken
            state = self.states[above[-1] if above else stack[below - 1]][rule.origin.name][1]
            above.append(state)
            if state == self.end_state and terminal == END_OF_TEXT:
                return True

    def expected(self, stack: list[int]) -> frozenset[str]:
        """All terminals that can come next."""
        return frozenset(terminal for terminal in self.terminals if self.accepts(stack, terminal))
