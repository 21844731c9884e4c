"""Strongly connected components, in linear time and without recursion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def components(needs: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Groups of names that need each other, each after the groups that it needs (Tarjan)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in needs:
        if root in order:
            continue
        work = [(root, iter(needs[root]))]
        while work:
            name, rest = work[-1]
            if name not in order:
                order[name] = low[name] = len(order)
                stack.append(name)
                on_stack.add(name)
            for other in rest:
                if other not in order:
                    work.append((other, iter(needs[other])))
                    break
                if other in on_stack:
                    low[name] = min(low[name], order[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == order[name]:
                    group = [stack.pop()]
                    while group[-1] != name:
                        group.append(stack.pop())
                    on_stack.difference_update(group)
                    yield group[::-1]
