"""Programs through the parser and the checker, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from algonet_runtime import Parameter, ResultSpec, Signature, Smoothness
from whilec.semantics.check import CheckResult, Level, check
from whilec.semantics.program import CheckedProgram, Unit
from whilec.source import SourceFile
from whilec.syntax.parser import parse

SORT = Signature(
    "soft_sort",
    (
        Parameter("x", "tensor", ("n",)),
        Parameter("steepness", "real", default=1.0, required=False, keyword_only=True),
    ),
    (ResultSpec("values", ("n",)),),
    Smoothness.C_INF,
)
TOP = Signature(
    "top",
    (Parameter("x", "tensor", ("n",)), Parameter("weights", "tensor", ("n",)), Parameter("k", "int")),
    (ResultSpec("values", ("k",)), ResultSpec("share")),
    Smoothness.C0,
)
INTRINSICS: Mapping[str, Signature] = {signature.name: signature for signature in (SORT, TOP)}


def checked(
    text: str,
    *,
    std: Level = "full",
    outputs: Sequence[str] | None = None,
    bindings: Mapping[str, int] | None = None,
) -> CheckResult:
    """What the checker says about a text without syntax errors."""
    source = SourceFile("test.while", text)
    parsed = parse(source)
    assert parsed.program is not None, parsed.diagnostics
    return check(
        parsed.program,
        source,
        std=std,
        intrinsics=INTRINSICS,
        outputs=outputs,
        bindings=bindings,
        comments=parsed.comments,
    )


def program(text: str, *, outputs: Sequence[str] | None = None) -> CheckedProgram:
    """A program that has no errors."""
    result = checked(text, outputs=outputs)
    assert result.program is not None, result.errors
    return result.program


def codes(text: str, *, std: Level = "full", outputs: Sequence[str] | None = None) -> list[str]:
    """The codes of errors, by place."""
    return [diagnostic.code.name for diagnostic in checked(text, std=std, outputs=outputs).errors]


def warnings(text: str) -> list[str]:
    """The codes of all diagnostics of a program without errors, by place."""
    result = checked(text)
    assert not result.errors, result.errors
    return [diagnostic.code.name for diagnostic in result.diagnostics]


def titles(text: str) -> list[str]:
    """The titles of errors, by place."""
    return [diagnostic.title for diagnostic in checked(text).errors]


def types(unit: Unit) -> dict[str, str]:
    """The types of a unit's variables, spelt out."""
    return {name: str(variable.type) for name, variable in unit.variables.items()}
