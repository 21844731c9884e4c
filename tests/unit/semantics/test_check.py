"""Units, variables and types of whole programs."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest

from tests.unit.semantics.checking import checked, codes, program, types
from whilec.diagnostics.model import WhileError
from whilec.semantics.check import specialise
from whilec.semantics.program import IntrinsicCall, Role, Unit
from whilec.syntax import ast

LEVENSHTEIN = """
PROGRAM levenshtein(a: int[n], b: int[m]) -> d: real
CONST  gap = 1.0
PARAM  w: real = 1.0
REQUIRE C0
VAR    t: real[n + 1, m + 1] = 0.0

FOR i FROM 0 TO n DO  t[i, 0] := i * gap  END
FOR j FROM 0 TO m DO  t[0, j] := j * gap  END
FOR i FROM 1 TO n DO
  FOR j FROM 1 TO m DO
    IF a[i - 1] = b[j - 1] THEN c := 0 ELSE c := w END
    t[i, j] := min(t[i - 1, j] + gap, t[i, j - 1] + gap, t[i - 1, j - 1] + c)
  END
END
d := t[n, m]
"""


def test_a_full_program() -> None:
    found = program(LEVENSHTEIN)
    assert found.shape_variables == ("n", "m")
    assert found.bindings is None
    assert found.constants == {"gap": 1.0}
    assert found.main.inputs == ("a", "b")
    assert found.main.outputs == ("d",)
    assert types(found.main) == {
        "n": "static int",
        "m": "static int",
        "gap": "real",
        "w": "real",
        "a": "int[n]",
        "b": "int[m]",
        "d": "real",
        "t": "real[n + 1, m + 1]",
        "i": "static int",
        "j": "static int",
        "c": "real",
    }
    assert [v.name for v in found.parameters] == ["w"]
    assert [start.name.id for start in found.main.starts] == ["t"]


def test_roles() -> None:
    roles = {name: variable.role for name, variable in program(LEVENSHTEIN).main.variables.items()}
    assert roles == {
        "n": Role.SHAPE,
        "m": Role.SHAPE,
        "gap": Role.CONST,
        "w": Role.PARAM,
        "a": Role.INPUT,
        "b": Role.INPUT,
        "d": Role.LOCAL,
        "t": Role.DECLARED,
        "i": Role.COUNTER,
        "j": Role.COUNTER,
        "c": Role.LOCAL,
    }


def test_specialise() -> None:
    found = specialise(program(LEVENSHTEIN), {"n": 3, "m": 5})
    assert found.bindings == {"n": 3, "m": 5}
    assert types(found.main)["t"] == "real[4, 6]"
    assert found.main.shapes == {"n": 3, "m": 5}
    assert found.main.outputs == ("d",)
    assert specialise(found, {"n": 3, "m": 5}) is found


def test_specialise_compares_sizes_exactly() -> None:
    """A size that is no polynomial counts as equal until it is known."""
    found = program(
        "PROGRAM p(a: real[n]) -> y: real\nVAR half: real[div(n + 1, 2)] = 1.0\n"
        "VAR rest: real[n - div(n, 2)] = 1.0\nVAR low: real[div(n, 2)] = 1.0\n"
        "y := dot(half, rest) + dot(half, low) + a[0]"
    )
    specialise(found, {"n": 4})
    with pytest.raises(WhileError, match=r"E0207.*\[2\].*\[1\]"):
        specialise(found, {"n": 3})


def test_specialise_to_nothing() -> None:
    with pytest.raises(WhileError, match="`n` is 0"):
        specialise(program("PROGRAM p(a: real[n]) -> y: real\ny := sum(a)"), {"n": 0})


def test_specialise_keeps_requested_outputs_and_intrinsics() -> None:
    text = "PROGRAM p(a: real[n]) -> y: real\nb := soft_sort(a)\ny := b[0]"
    found = specialise(program(text, outputs=["b"]), {"n": 4})
    assert found.main.outputs == ("b",)
    assert types(found.main)["b"] == "real[4]"


def test_bindings_given_at_once() -> None:
    result = checked("PROGRAM p(a: real[n]) -> y: real\ny := a[2]", bindings={"n": 3})
    assert result.program is not None
    assert result.program.bindings == {"n": 3}
    assert [
        d.code.name for d in checked("PROGRAM p(a: real[n]) -> y: real\ny := a[2]", bindings={"n": 2}).errors
    ] == ["E0208"]


def test_every_expression_has_a_type() -> None:
    found = program(LEVENSHTEIN)
    missing = [expr for expr in expressions(found.main.body) if id(expr) not in found.main.types]
    assert missing == []


def expressions(statements: tuple[ast.Stmt, ...]) -> list[ast.Expr]:
    """Every expression in statements, but the names of functions."""
    found: list[ast.Expr] = []
    pending: list[object] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Expr):
            found.append(node)
        if isinstance(node, tuple):
            pending += node
        elif is_dataclass(node):
            names = {field.name for field in fields(node)} - (
                {"function"} if isinstance(node, ast.Call) else set()
            )
            pending += [getattr(node, name) for name in names]
    return found


# ---- programs without a header -----------------------------------------------------------------


def test_headerless_inputs_are_in_the_order_of_their_numbers() -> None:
    found = program("x10 := x2\nspare := x10\nx0 := spare + x1\nother := x0")
    assert found.main.inputs == ("x1", "x2", "x10", "spare", "other")
    assert found.main.outputs == ("x0",)
    assert not found.has_header
    assert set(types(found.main).values()) == {"int"}
    assert found.bindings == {}


def test_headerless_outputs_by_name() -> None:
    found = program("x0 := x1\nx3 := x2", outputs=["x3", "x1"])
    assert found.main.outputs == ("x3", "x1")
    assert found.main.inputs == ("x0", "x2")


def test_headerless_program_without_its_output() -> None:
    found = program("")
    assert found.main.outputs == ("x0",)
    assert types(found.main) == {"x0": "int"}


def test_headerless_program_with_declarations() -> None:
    found = program("VAR t: int[3] = 1\nCONST two = 2\nFOR i FROM 0 TO two DO x0 := x0 + t[i] * x1 END")
    assert found.main.inputs == ("x1",)
    assert types(found.main) == {
        "two": "static int",
        "x1": "int",
        "x0": "int",
        "t": "int[3]",
        "i": "static int",
    }


def test_headerless_variables_are_int() -> None:
    assert codes("PARAM w: real = 1.0\nx0 := x1 * w") == ["E0213"]


# ---- outputs -----------------------------------------------------------------------------------


def test_an_output_that_is_an_input() -> None:
    found = program("PROGRAM p(a: real[n]) -> a\na[0] := 1")
    assert found.main.inputs == found.main.outputs == ("a",)
    assert found.main.variables["a"].role is Role.INPUT


def test_an_output_with_a_start_value() -> None:
    found = program(
        "PROGRAM p(x: real) -> d: real, e\nVAR d: real = 2.0\nVAR e: int[2] = 1\nd := d + x + e[0]"
    )
    assert found.main.variables["d"].role is Role.DECLARED
    assert [start.name.id for start in found.main.starts] == ["d", "e"]


def test_requested_outputs_replace_those_of_the_header() -> None:
    found = program("PROGRAM p(x: real) -> d: real\nc := x * 2\nd := c", outputs=["c"])
    assert found.main.outputs == ("c",)
    assert found.main.inputs == ("x",)


@pytest.mark.parametrize(
    ("name", "code"), [("w", "E0232"), ("i", "E0232"), ("n", "E0232"), ("nothing", "E0201")]
)
def test_what_cannot_be_an_output(name: str, code: str) -> None:
    text = "PROGRAM p(a: real[n]) -> d: real\nPARAM w: real = 1.0\nFOR i FROM 0 TO 0 DO d := w * a[0] END"
    assert codes(text, outputs=[name]) == [code]


# ---- DEF ---------------------------------------------------------------------------------------


def test_one_unit_for_each_tuple_of_argument_types() -> None:
    found = program(
        "PROGRAM p(x: real, k: int, a: real[n]) -> y: real\nDEF f(u) -> v\n  v := u * 2\nEND\n"
        "y := f(x) + f(k) + f(3) + f(x + 1) + sum(f(a)) + sum(f(a + 1))"
    )
    units = {id(unit): unit for unit in found.main.callees.values() if isinstance(unit, Unit)}
    assert sorted(str(unit.variables["u"].type) for unit in units.values()) == ["int", "real", "real[n]"]
    assert all(unit.inputs == ("u",) and unit.outputs == ("v",) for unit in units.values())


def test_a_static_argument_is_a_local_int() -> None:
    assert codes(
        "PROGRAM p(x: int) -> y: int\nDEF f(k) -> v\n  FOR i FROM 0 TO k DO v := v + i END\nEND\n"
        "y := f(3) + x"
    ) == ["E0209"]


def test_shape_variables_of_a_function() -> None:
    found = specialise(
        program(
            "PROGRAM p(a: real[n]) -> y: real\nDEF f(u: real[k]) -> v: real[k + 1]\n  v[k] := u[k - 1]\nEND\n"
            "VAR t: real[n + 2]\ny := sum(f(a)) + sum(f(t))"
        ),
        {"n": 3},
    )
    units = {id(unit): unit for unit in found.main.callees.values() if isinstance(unit, Unit)}
    assert [unit.shapes for unit in units.values()] == [{"k": 3}, {"k": 5}]
    assert [str(unit.variables["v"].type) for unit in units.values()] == ["real[4]", "real[6]"]


def test_named_arguments_of_a_function() -> None:
    found = program("PROGRAM p(x: real) -> y: real\nDEF f(a, b) -> c\n  c := a - b\nEND\ny := f(x, b = 3)")
    [unit] = [unit for unit in found.main.callees.values() if isinstance(unit, Unit)]
    assert types(unit) == {"a": "real", "b": "int", "c": "real"}


def test_named_arguments_in_another_order() -> None:
    """Each argument reaches the parameter of its name, so its type and its size do too."""
    found = program(
        "PROGRAM p(x: real, a: real[n], b: int[3]) -> y: real\n"
        "DEF f(u, v: int[k], w) -> r: real[k]\n  r := v * u + sum(w)\nEND\n"
        "y := sum(f(w = a, v = b, u = x)) + sum(f(x, w = a, v = b))"
    )
    [unit] = {id(unit): unit for unit in found.main.callees.values() if isinstance(unit, Unit)}.values()
    assert types(unit) == {"k": "static int", "u": "real", "v": "int[3]", "w": "real[n]", "r": "real[3]"}


@pytest.mark.parametrize("call", ["f(v = x, 1)", "max(x, steepness = 2, 1)", "sum(top(weights = a, a, 2))"])
def test_positional_arguments_come_first(call: str) -> None:
    text = f"PROGRAM p(x: real, a: real[n]) -> y: real\nDEF f(u, v) -> w\n  w := u - v\nEND\ny := {call}"
    assert codes(text) == ["E0234"]


def test_functions_call_functions_that_come_later() -> None:
    found = program(
        "PROGRAM p(x: int) -> y: real\nDEF f(a) -> b\n  b := g(a) + 1\nEND\nDEF g(a) -> b\n"
        "  b := a / 2\nEND\ny := f(x)"
    )
    assert types(found.main)["y"] == "real"


def test_functions_see_constants_and_parameters() -> None:
    found = program(
        "PROGRAM p(x: int) -> y: real\nCONST size = 3\nPARAM w: real = 1.0\nCONST unused = 1\n"
        "DEF f(a) -> b\n  VAR t: real[size] = w\n  b := a + t[0]\nEND\ny := f(x) + unused"
    )
    [unit] = [unit for unit in found.main.callees.values() if isinstance(unit, Unit)]
    assert list(unit.variables) == ["size", "w", "a", "t", "b"] or list(unit.variables) == [
        "size",
        "w",
        "a",
        "b",
        "t",
    ]


def test_several_results() -> None:
    found = program(
        "PROGRAM p(a: int[n]) -> y: real\nDEF f(u) -> v, w\n  v := u + 1\n  w := sum(u) / 2\nEND\n"
        "s, t := f(a)\ny := s[0] + t"
    )
    assert types(found.main)["s"] == "int[n]"
    assert types(found.main)["t"] == "real"


def test_errors_of_a_function_are_reported_once() -> None:
    text = (
        "PROGRAM p(x: real, k: int) -> y: real\nDEF f(u) -> v\n  v := u < 1\nEND\ny := f(x) + f(k)\n"
        "DEF never(u: real[n], w) -> v\n  v := u[0] + sqrt(1, 2) + w[3]\nEND"
    )
    assert codes(text) == ["E0214", "E0205"]


# ---- no cascades -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("VAR t: real[nothing]\nx0 := x1\nt[0] := sqrt(t[1]) + t", ["E0201"]),
        ("CONST c = y\nx0 := c + 1\nc := 3\nVAR t: int[c]\nt[2] := c", ["E0201"]),
        ("PARAM c: int = 1\nx0 := x1\nx0 := x0 + c", ["E0227"]),
        ("x0 := missing(x1)\nx2 := x0 / 2 + missing(1)", ["E0204", "E0204"]),
        (
            "PROGRAM p(x: real) -> y\nz := f(x)\ny := z[3] + sum(z)\nFOR i FROM 0 TO z DO y := z END",
            ["E0204"],
        ),
        (
            "PROGRAM p(x: real) -> y: int\nIF nothing(x) / 2 < 3 AND nothing(x) THEN y := 1 END",
            ["E0204", "E0204"],
        ),
        ("PROGRAM p(x: real) -> y: real\nt[0] := x\ny := t[0] + t[1]", ["E0218"]),
        ("PROGRAM p(a: real[n]) -> y: real\ny := sum(a + soft_sort(a, 1, 2)) + a[0]", ["E0303"]),
    ],
)
def test_an_error_causes_no_others(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_all_errors_are_reported_in_order() -> None:
    result = checked("x0 := f(x1)\nx0, x0 := x1, x2\nIF x1 THEN x0 := 0.5 END")
    assert [d.code.name for d in result.diagnostics] == ["E0204", "E0216", "E0215", "E0213"]
    starts = [d.primary.span.start for d in result.diagnostics if d.primary is not None]
    assert starts == sorted(starts)
    assert all(d.source is not None for d in result.diagnostics)


# ---- intrinsics --------------------------------------------------------------------------------


def test_an_intrinsic_call() -> None:
    found = program("PROGRAM p(a: real[n]) -> y: real\nv, s := top(a, weights = a, k = 2)\ny := sum(v) + s")
    assert types(found.main)["v"] == "real[2]"
    assert types(found.main)["s"] == "real"
    [call] = [callee for callee in found.main.callees.values() if isinstance(callee, IntrinsicCall)]
    assert list(call.arguments) == ["x", "weights", "k"]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("soft_sort(a, stepness = 8.0)", "E0301"),
        ("soft_sort(a, x = a)", "E0301"),
        ("soft_sort()", "E0302"),
        ("soft_sort(a, 8.0)", "E0303"),
        ("soft_sort(x)", "E0304"),
        ("soft_sort(a, steepness = x)", "E0305"),
        ("soft_sort(x < 1)", "E0214"),
        ("top(a, b, 2)", "E0304"),
        ("top(a, a, 2.5)", "E0305"),
        ("top(a, a, 2)", "E0230"),
        ("top(a, a, len(a) - 1)", "E0230"),
        ("soft_srot(a)", "E0204"),
    ],
)
def test_wrong_calls_of_intrinsics(call: str, code: str) -> None:
    assert codes(f"PROGRAM p(a: real[n], b: real[m], x: real) -> y: real\ny := sum({call}) + x + sum(b)") == [
        code
    ]


@pytest.mark.parametrize("steepness", ["8", "8.0", "2 * s", "n", "exp(1.0)", "-s + 20"])
def test_options_of_intrinsics_are_known_numbers(steepness: str) -> None:
    assert (
        codes(
            f"PROGRAM p(a: real[n]) -> y: real\nCONST s = 4.0\n"
            f"y := sum(soft_sort(a, steepness = {steepness})) + s"
        )
        == []
    )
