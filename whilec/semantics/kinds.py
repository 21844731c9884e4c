"""Which undeclared variables are real: the greatest fixpoint, in linear time.

Everything starts as int; realness flows along assignments. One `KindGraph` per scope is built
once; a DEF's graph also tells which arguments each result follows, for its callers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from whilec.semantics.facts import Facts, flow_of
from whilec.syntax import ast


@final
@dataclass(frozen=True, slots=True)
class ResultFlow:
    """What makes one result of a function real: the function itself, or real arguments."""

    is_real: bool
    parameters: frozenset[int] = frozenset()


Summaries: TypeAlias = Mapping[str, tuple[ResultFlow, ...]]
"""Per DEF and intrinsic, one flow for each result."""
ArgumentOrder: TypeAlias = Callable[[ast.Call], tuple[ast.Expr | None, ...]]
"""The arguments of a DEF's call in the order of its parameters."""


@final
class KindGraph:
    """Realness of a scope's names: who is real at once, and who follows whom."""

    def __init__(self, facts: Facts, summaries: Summaries, order: ArgumentOrder) -> None:
        self._summaries = summaries
        self._order = order
        self.real: set[str] = set()
        self.followers: dict[str, list[str]] = {}
        self.followed: dict[str, list[str]] = {}
        for target, assignments in facts.assignments.items():
            for assignment in assignments:
                self._add(target, assignment.value, assignment.result)

    def _add(self, target: str, value: ast.Expr, result: int | None) -> None:
        stack: list[tuple[ast.Expr, int | None]] = [(value, result)]
        while stack:
            flow = flow_of(*stack.pop())
            if flow.is_real:
                self.real.add(target)
            for name in flow.names:
                self.followers.setdefault(name, []).append(target)
                self.followed.setdefault(target, []).append(name)
            for call, position in flow.calls:
                results = self._summaries.get(call.function.id, ())
                if position >= len(results):
                    continue
                if results[position].is_real:
                    self.real.add(target)
                arguments = self._order(call)
                stack += (
                    (argument, None)
                    for index, argument in enumerate(arguments)
                    if argument is not None and index in results[position].parameters
                )

    def spread(self, real: Collection[str], fixed: Collection[str]) -> set[str]:
        """Every name that is real, given those known to be real and those whose kind is fixed."""
        found = {name for name in self.real if name not in fixed} | set(real)
        pending = list(found)
        while pending:
            for follower in self.followers.get(pending.pop(), ()):
                if follower not in found and follower not in fixed:
                    found.add(follower)
                    pending.append(follower)
        return found

    def result_flow(
        self, result: str, parameters: Mapping[str, int], fixed: Mapping[str, bool]
    ) -> ResultFlow:
        """What a result follows, given the free parameters and whether each fixed name is real."""
        if result in fixed:
            return ResultFlow(fixed[result])
        is_real, reached = False, {result}
        pending = [result]
        while pending:
            name = pending.pop()
            if name in fixed:
                is_real = is_real or fixed[name]
            if name in fixed or name in parameters:
                continue
            is_real = is_real or name in self.real
            new = [source for source in self.followed.get(name, ()) if source not in reached]
            reached.update(new)
            pending += new
        return ResultFlow(is_real, frozenset(parameters[name] for name in reached if name in parameters))
