"""Time to parse and check 10,000 statements, made of the library's programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from algonet_runtime import table as intrinsics
from benchmarks.report import ROOT, spread, table, write
from whilec.driver.pipeline import check_file
from whilec.semantics.builtins import BUILTINS
from whilec.semantics.check import check
from whilec.source import SourceFile
from whilec.syntax import ast
from whilec.syntax.parser import parse

TARGET_S = 1.5
SIZE_OF_SHAPE_VARIABLES = 4
HEADER = "PROGRAM big(start: real) -> total\ntotal := start\n"

_WORD = re.compile(r"(?://|#).*|\b[A-Za-z_][A-Za-z0-9_]*")
_OWN_WORDS = re.compile(
    "WHILE|DO|END|IF|THEN|ELSEIF|ELSE|FOR|FROM|TO|STEP|LOOP|DEF|PROGRAM|CONST|PARAM|REQUIRE|VAR|AND|OR|NOT|WITH"
    r"|STEEPNESS|steepness|real|int|C\d+|C_INF",
    re.IGNORECASE,
)


def parsed(text: str) -> ast.Program:
    """The tree of a program without syntax errors."""
    program = parse(SourceFile("<program>", text)).program
    assert program is not None
    return program


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
    tree = parsed(text)
    lines = _core_variables(text) if tree.header is None else _header_variables(text, tree, tree.header)
    body = text if tree.header is None else text[tree.header.span.end :]
    foreign = {*BUILTINS, *(p.name for s in intrinsics().values() for p in s.parameters), *intrinsics()}

    def rename(match: re.Match[str]) -> str:
        word = match[0]
        is_own = not (_OWN_WORDS.fullmatch(word) or word in foreign or word.startswith(("//", "#")))
        return f"{word}_{number}" if is_own else word

    # The page of comments before a program is not what is measured; a file has one REQUIRE at most.
    body = re.sub(r"\A(\s*//.*\n)+", "\n", body)
    body = re.sub(r"REQUIRE \w+", "", body)
    renamed = _WORD.sub(rename, "\n".join([*lines, body])) + "\n"
    return renamed if check_file(SourceFile("<piece>", HEADER + renamed)).program is not None else None


def _core_variables(text: str) -> list[str]:
    code = re.sub("(?://|#).*", "", text)
    return [f"VAR {name}: int" for name in sorted(set(re.findall(r"x\d+", code)))]


def _header_variables(text: str, tree: ast.Program, header: ast.Header) -> list[str]:
    """Inputs and typed outputs as VARs, shape variables as constants."""
    declared = {item.name.id for item in tree.items if isinstance(item, ast.Var)}
    typed = [b for b in (*header.inputs, *header.outputs) if b.type is not None or b in header.inputs]
    types = {b.name.id: text[b.type.span.start : b.type.span.end] if b.type else "real" for b in typed}
    sizes = {
        dim.id
        for b in header.inputs
        if b.type is not None
        for dim in b.type.dims
        if isinstance(dim, ast.Name)
    }
    constants = [f"CONST {name} = {SIZE_OF_SHAPE_VARIABLES}" for name in sorted(sizes)]
    return constants + [f"VAR {name}: {type_}" for name, type_ in types.items() if name not in declared]


def big_program(statements: int) -> tuple[str, int, list[str]]:
    """A program of at least `statements` statements, its count, and the programs in it."""
    texts = {
        path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "programs").glob("*.while"))
    }
    usable = [name for name, text in texts.items() if as_fragment(text, 0) is not None]
    sizes = {name: statement_count(parsed(texts[name]).items) for name in usable}
    pieces = [HEADER]
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
    syntax = parse(source)
    middle = time.perf_counter()
    assert syntax.program is not None
    result = check(syntax.program, source, comments=syntax.comments)
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
