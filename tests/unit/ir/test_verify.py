"""The verifier accepts what the lowering builds, and refuses a program for every rule it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from whilec.ir.build import Builder, fresh, make_node
from whilec.ir.node import Entry, Function, Node, Program, Region, Stage
from whilec.ir.static import Counter
from whilec.ir.types import COUNTER, DEGREE, NUMBER, Kind, Type, Value
from whilec.ir.verify import InvalidIRError, verify
from whilec.source import Span

SPAN = Span(3, 5)
VECTOR = Type(Kind.NUMBER, (2,))


def program(build: Callable[[Builder, Value], Value], stage: Stage = Stage.SOFT) -> Program:
    """A program of one input; `build` appends nodes and gives the result."""
    builder = Builder()
    (x,) = fresh((NUMBER,), "x")
    result = build(builder, x)
    body = builder.region((x,), (result,))
    return Program("test", ("x",), (), ("y",), {}, body, (), "c1", stage)


def append(builder: Builder, node: Node) -> Value:
    builder.nodes.append(node)
    return node.results[0]


def node(op: str, *operands: Value, results: tuple[Value, ...] = (), **attrs: object) -> Node:
    return Node(op, operands, results or fresh((NUMBER,)), SPAN, attrs)


def right(builder: Builder, x: Value) -> Value:
    return builder.one("add", x, x, span=SPAN)


def region_of(*results: Value, parameters: tuple[Value, ...] = ()) -> Region:
    return Region(parameters, (), results)


def choice(builder: Builder, x: Value, then: Region, orelse: Region) -> Value:
    degree = builder.one("one", span=SPAN)
    made = make_node(
        "choice", (degree,), SPAN, attrs={"epsilon": 1e-6}, regions=(then, orelse), results=fresh((NUMBER,))
    )
    return append(builder, made)


def loop(
    builder: Builder,
    x: Value,
    *,
    op: str = "while",
    condition: tuple[Type, ...] = (COUNTER, NUMBER),
    body: tuple[Type, ...] = (DEGREE, COUNTER, NUMBER),
    result: Type = NUMBER,
) -> Value:
    weight = builder.one("one", span=SPAN)
    before, during = fresh(condition), fresh(body)
    inner = Builder()
    degree = inner.one("one", span=SPAN)
    made = Node(
        op,
        (weight, x),
        fresh((result,)),
        SPAN,
        {"loop": 0, "semantics": "path", "epsilon": 1e-6, "trips": 3},
        (inner.region(before, (degree,)), Region(during, (), (during[-1],))),
    )
    return append(builder, made)


def test_what_is_right_is_returned() -> None:
    for build in (right, loop, lambda b, x: choice(b, x, region_of(x), region_of(x))):
        made = program(build)
        assert verify(made) is made


def twice(builder: Builder, x: Value) -> Value:
    result = right(builder, x)
    return append(builder, node("negate", x, results=(result,)))


def later(builder: Builder, x: Value) -> Value:
    (y,) = fresh((NUMBER,), "y")
    builder.nodes.append(node("negate", y))
    return append(builder, node("negate", x, results=(y,)))


def out_of_a_region(builder: Builder, x: Value) -> Value:
    inner = Builder()
    hidden = inner.one("negate", x, span=SPAN, name="hidden")
    choice(builder, x, inner.region((), (hidden,)), region_of(x))
    return builder.one("negate", hidden, span=SPAN)


def a_counter_that_is_not_there(builder: Builder, x: Value) -> Value:
    (i,) = fresh((COUNTER,), "i")
    return builder.one("number", span=SPAN, static=Counter(i))


def of_a_degree(builder: Builder, x: Value) -> Value:
    degree = builder.one("one", span=SPAN)
    return append(builder, node("negate", degree))


def of_a_mask(builder: Builder, x: Value) -> Value:
    return append(builder, node("void", x, x, results=fresh((NUMBER,))))


def of_two_shapes(builder: Builder, x: Value) -> Value:
    wide = builder.one("fill", x, span=SPAN, shape=(2,))
    return append(builder, node("add", x, wide))


def wrong_result(builder: Builder, x: Value) -> Value:
    return append(builder, node("negate", x, results=fresh((VECTOR,))))


def missing_attribute(builder: Builder, x: Value) -> Value:
    return append(builder, node("spread", x, x, shape=(2,), results=fresh((VECTOR,))))


def unknown_attribute(builder: Builder, x: Value) -> Value:
    return append(builder, node("negate", x, colour="red"))


def missing_region(builder: Builder, x: Value) -> Value:
    degree = builder.one("one", span=SPAN)
    return append(builder, node("and", degree, results=fresh((DEGREE,))))


def wide_scalar(builder: Builder, x: Value) -> Value:
    wide = builder.one("fill", x, span=SPAN, shape=(2,))
    return append(builder, node("exceeds", wide, x, family="c1", results=fresh((DEGREE,))))


def no_function(builder: Builder, x: Value) -> Value:
    return append(builder, node("call", x, function="f"))


def uncomputed(builder: Builder, x: Value) -> Value:
    return fresh((NUMBER,), "nowhere")[0]


WRONG: dict[str, tuple[Callable[[Builder, Value], Value], Stage, str]] = {
    "no operation": (lambda b, x: append(b, node("frobnicate", x)), Stage.SOFT, "no such operation"),
    "used early": (later, Stage.SOFT, "`y` is used before it is computed"),
    "used outside": (out_of_a_region, Stage.SOFT, "`hidden` is used before it is computed"),
    "counter outside": (a_counter_that_is_not_there, Stage.SOFT, "`i` is used before"),
    "computed twice": (twice, Stage.SOFT, "is computed twice"),
    "result": (uncomputed, Stage.SOFT, "the result `nowhere` is not computed"),
    "stage too late": (loop, Stage.BOUNDED, "not allowed at stage BOUNDED"),
    "stage too early": (lambda b, x: loop(b, x, op="repeat"), Stage.SOFT, "not allowed at stage SOFT"),
    "flat choice": (
        lambda b, x: choice(b, x, region_of(x), region_of(x)),
        Stage.FLAT,
        "not allowed at stage FLAT",
    ),
    "attribute missing": (lambda b, x: append(b, node("spread", x)), Stage.SOFT, "has attributes []"),
    "attribute unknown": (unknown_attribute, Stage.SOFT, "has attributes ['colour']"),
    "regions": (missing_region, Stage.SOFT, "has 0 regions, not 1"),
    "too few operands": (lambda b, x: append(b, node("add", x)), Stage.SOFT, "takes 2 operands, not 1"),
    "too many operands": (missing_attribute, Stage.SOFT, "takes 1 operands, not 2"),
    "kind": (of_a_degree, Stage.SOFT, "takes `n`, not degree"),
    "mask": (of_a_mask, Stage.FLAT, "takes `mn`, not real, real"),
    "scalar": (wide_scalar, Stage.SOFT, "takes `ss`, not real[2], real"),
    "shapes": (of_two_shapes, Stage.SOFT, "operands of different shapes: real, real[2]"),
    "type of the result": (wrong_result, Stage.SOFT, "gives real[2], not real"),
    "arms": (
        lambda b, x: choice(b, x, region_of(x), region_of()),
        Stage.SOFT,
        "region 1 has the wrong parameters or results",
    ),
    "state": (lambda b, x: loop(b, x, result=VECTOR), Stage.SOFT, "differ from the initial state"),
    "condition": (
        lambda b, x: loop(b, x, condition=(COUNTER, VECTOR)),
        Stage.SOFT,
        "region 0 has the wrong parameters",
    ),
    "body": (
        lambda b, x: loop(b, x, body=(COUNTER, DEGREE, NUMBER)),
        Stage.SOFT,
        "region 1 has the wrong parameters",
    ),
    "function": (no_function, Stage.SOFT, "no such function"),
}


@pytest.mark.parametrize(("build", "stage", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused(
    build: Callable[[Builder, Value], Value], stage: Stage, message: str
) -> None:
    with pytest.raises(InvalidIRError) as raised:
        verify(program(build, stage), "a pass")
    assert str(raised.value).startswith("after a pass: ")
    assert message in str(raised.value)


def test_a_call_must_fit_its_function() -> None:
    made = program(no_function)
    (a,) = fresh((VECTOR,))
    wide = replace(made, functions={"f": Function("f", Region((a,), (), (a,)))})
    with pytest.raises(InvalidIRError, match="does not fit its function"):
        verify(wide)
    (b,) = fresh((NUMBER,))
    verify(replace(made, functions={"f": Function("f", Region((b,), (), (b,)))}))


def test_a_function_sees_nothing_but_its_parameters() -> None:
    made = program(no_function)
    inner = Builder()
    (b,) = fresh((NUMBER,))
    sum_ = inner.one("add", b, made.body.parameters[0], span=SPAN)
    with pytest.raises(InvalidIRError, match="used before"):
        verify(replace(made, functions={"f": Function("f", inner.region((b,), (sum_,)))}))


def test_inputs_and_outputs_are_counted() -> None:
    made = program(right)
    for wrong in (
        replace(made, inputs=("x", "z")),
        replace(made, parameters=("w",)),
        replace(made, outputs=()),
        replace(made, entries=(Entry(0, 0, 1, has_capped=False, has_nan=False, has_entered=False),)),
    ):
        with pytest.raises(InvalidIRError, match="the program has"):
            verify(wrong)
