"""Time to parse and check 10,000 statements, made of the library's programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.report import ROOT, spread, table, write
from whilec.diagnostics.model import WhileError
from whilec.semantics.check import check
from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.parser import parse

TARGET_S = 1.5
SIZE_OF_SHAPE_VARIABLES = 4

_WORD = re.compile(r"(?://|#).*|[A-Za-z_][A-Za-z0-9_]*")


def statement_count(block: tuple[ast.Item, ...]) -> int:
    """Statements in a block, those inside others included; declarations do not count."""
    return sum(_count(item) for item in block)


def _count(item: ast.Item) -> int:
    match item:
        case ast.While() | ast.Loop() | ast.For():
            return 1 + statement_count(item.body)
        case ast.If():
            arms = [*(branch.body for branch in item.branches), item.orelse or ()]
            return 1 + sum(statement_count(arm) for arm in arms)
        case ast.Def():
            return statement_count(item.body)
        case ast.Assign():
            return 1
        case _:
            return 0


def as_fragment(text: str, number: int) -> str | None:
    """The program as a piece of a larger one: own names, VARs for its header; None if that fails."""
    source = SourceFile("<fragment>", text)
    program = parse(source)
    header = program.header
    body = text if header is None else text[header.span.end :]
    # Inputs and typed outputs become VARs, shape variables constants.
    declared = {item.name.id for item in program.items if isinstance(item, ast.Var)}
    lines: list[str] = []
    if header is not None:
        types = {b.name.id: source.snippet(b.type.span) if b.type else "real" for b in header.inputs}
        types |= {b.name.id: source.snippet(b.type.span) for b in header.outputs if b.type}
        shapes = {dim.id for b in header.inputs if b.type for dim in b.type.dims if isinstance(dim, ast.Name)}
        lines += [f"CONST {name} = {SIZE_OF_SHAPE_VARIABLES}" for name in sorted(shapes)]
        lines += [f"VAR {name}: {type_}" for name, type_ in types.items() if name not in declared]
    fragment = "\n".join([*lines, body])
    own = _names(text)
    renamed = _WORD.sub(lambda m: f"{m[0]}_{number}" if m[0] in own else m[0], fragment) + "\n"
    return renamed if _is_right(f"x0 := x1\n{renamed}") else None


def _names(text: str) -> set[str]:
    """The identifiers that a program declares or assigns, as opposed to built-ins and words."""
    source = SourceFile("<fragment>", text)
    program = parse(source)
    result = check(program, source)
    assert result.program is not None
    names = set(result.program.main.variables)
    for item in program.items:
        if isinstance(item, ast.Def):
            names |= {item.name.id, *(name.id for name in _walk_names(item))}
    functions = {item.name.id for item in program.items if isinstance(item, ast.Def)}
    return names | functions


def _walk_names(node: object) -> Iterator[ast.Name]:
    if isinstance(node, ast.Call):
        for argument in node.arguments:
            yield from _walk_names(argument.value)
    elif isinstance(node, ast.Name):
        yield node
    elif isinstance(node, tuple):
        for part in node:  # pyright: ignore[reportUnknownVariableType]
            yield from _walk_names(part)  # pyright: ignore[reportUnknownArgumentType]
    elif hasattr(node, "__slots__") and not isinstance(node, str):
        for slot in type(node).__slots__:
            yield from _walk_names(getattr(node, slot))


def _is_right(text: str) -> bool:
    source = SourceFile("<fragment>", text)
    try:
        return check(parse(source), source).program is not None
    except WhileError:
        return False


def big_program(statements: int) -> tuple[str, int, list[str]]:
    """A program of at least `statements` statements, its count, and the programs in it."""
    texts = {
        path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "programs").glob("*.while"))
    }
    usable = [name for name, text in texts.items() if as_fragment(text, 0) is not None]
    sizes = {name: statement_count(parse(SourceFile(name, texts[name])).items) for name in usable}
    pieces = ["x0 := x1\n"]
    total = number = 0
    while total < statements:
        name = usable[number % len(usable)]
        fragment = as_fragment(texts[name], number)
        assert fragment is not None
        pieces.append(fragment)
        total += sizes[name]
        number += 1
    return "".join(pieces), total + 1, usable


def measure(file: str) -> None:
    """Parse and check one file in this process; prints the seconds as JSON."""
    path = Path(file)
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    begin = time.perf_counter()
    tree = parse(source)
    middle = time.perf_counter()
    result = check(tree, source)
    end = time.perf_counter()
    assert result.program is not None
    print(json.dumps({"parse": middle - begin, "check": end - middle}))


@click.command()
@click.option("--statements", default=10_000, show_default=True)
@click.option("--runs", default=7, show_default=True, help="Fresh processes.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(statements: int, runs: int, output: Path | None) -> None:
    """Median seconds to parse and to check a long program, each time in a fresh process."""
    text, count, names = big_program(statements)
    parses: list[float] = []
    checks: list[float] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "big.while"
        path.write_text(text, encoding="utf-8")
        code = f"from benchmarks.frontend import measure; measure({str(path)!r})"
        for _ in range(runs):
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
            )
            seconds = json.loads(done.stdout)
            parses.append(seconds["parse"])
            checks.append(seconds["check"])
    both = [first + second for first, second in zip(parses, checks, strict=True)]
    rows = [
        (name, *spread(times).values())
        for name, times in (("parse", parses), ("check", checks), ("both", both))
    ]
    print(table(["stage", "median s", "least s", "largest s"], rows))
    print(
        f"{count} statements, {len(text)} characters, {len(names)} programs; "
        f"target: both at most {TARGET_S} s"
    )
    results = {
        "statements": count,
        "characters": len(text),
        "programs": names,
        "runs": runs,
        "parse_seconds": spread(parses),
        "check_seconds": spread(checks),
        "parse_and_check_seconds": spread(both),
        "target_s": TARGET_S,
    }
    print(write("frontend", results, output))


if __name__ == "__main__":
    main()
