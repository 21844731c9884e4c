"""Running a checked program on Python numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, cast

from whilec.diagnostics.model import WhileError
from whilec.semantics.options import Options
from whilec.semantics.program import CheckedProgram, Variable
from whilec.semantics.reference import arrays
from whilec.semantics.reference.arithmetic import ONE, AbstractArithmetic, Frame, Shape, Value
from whilec.semantics.reference.arrays import Array
from whilec.semantics.reference.crisp_numbers import CrispNumbers, show
from whilec.semantics.reference.duals import Dual, DualElementary, primal, tangent
from whilec.semantics.reference.errors import E0608, E0611, fail
from whilec.semantics.reference.floats import FloatElementary, to_float
from whilec.semantics.reference.machine import Machine
from whilec.semantics.reference.result import Observer, Run, Step
from whilec.semantics.reference.scope import concrete
from whilec.semantics.reference.single_control import SingleControl
from whilec.semantics.reference.smooth_numbers import SmoothNumbers
from whilec.semantics.reference.start import parameter_values
from whilec.semantics.reference.statements import unit_code
from whilec.semantics.relax import relaxation
from whilec.semantics.types import Kind
from whilec.syntax.depth import deep_recursion


def execute(
    program: CheckedProgram,
    inputs: Mapping[str, Any],
    options: Options,
    *,
    jacobian: bool = False,
    observer: Observer | None = None,
) -> Run:
    """Run a program on Python numbers.

    Args:
        program: Specialised for the shapes of the inputs.
        inputs: Inputs and PARAMs by name: numbers, or nested lists of the declared shape. Inputs
            that are left out start at 0, PARAMs at their declared value.
        options: Valid options (`check_options`).
        jacobian: Whether to differentiate every output by every given input and every PARAM, by
            forward-mode dual numbers; not in hard mode.
        observer: Called after every executed assignment.

    Raises:
        WhileError: A run-time error (E06xx).
    """
    with deep_recursion():
        try:
            return _execute(program, inputs, options, jacobian, observer)
        except WhileError as error:
            raise WhileError(*(d.in_source(program.source) for d in error.diagnostics)) from None


def _execute(
    program: CheckedProgram,
    inputs: Mapping[str, Any],
    options: Options,
    jacobian: bool,
    observer: Observer | None,
) -> Run:
    arithmetic = _arithmetic(options, jacobian)
    control = SingleControl(options, arithmetic)
    machine = Machine(program, options, arithmetic, control, observer=_plain(observer))
    variables = program.main.variables
    given = {name: _input(variables[name], value, options) for name, value in inputs.items()}
    names = [v.name for v in program.parameters] + [name for name in program.main.inputs if name in given]
    parameters = parameter_values(program, arithmetic, given)
    values: dict[str, Value] = {**given, **parameters}
    if jacobian:
        values = {**values, **_seeded({name: values[name] for name in names})}
    base: Frame = [*(values[v.name] for v in program.parameters), None]
    code = unit_code(machine, program.main)
    frame = code.enter(base, [values.get(name, arithmetic.number(0)) for name in program.main.inputs])
    code.body(frame, ONE)
    results = {name: frame[code.slots[name]] for name in program.main.outputs}
    loops = sorted(machine.tallies.values(), key=lambda tally: tally.node.span.start)
    shapes = {name: concrete(variables[name].type.shape) for name in names}
    return Run(
        outputs={
            name: arrays.to_nested(arrays.map_scalars(primal, value)) for name, value in results.items()
        },
        jacobian={name: _block(value, shapes) for name, value in results.items()} if jacobian else None,
        loops=tuple(tally.report(program.source, options) for tally in loops),
        steps=machine.steps,
    )


def _arithmetic(options: Options, jacobian: bool) -> AbstractArithmetic:
    smooth = options.smooth
    if smooth == "hard":
        if jacobian:
            raise ValueError("hard mode has no derivatives")
        return CrispNumbers()
    elementary = DualElementary() if jacobian else FloatElementary()
    return SmoothNumbers(elementary, relaxation(smooth, options.phi), options)


def _plain(observer: Observer | None) -> Observer | None:
    """The observer, shown plain numbers and nested lists."""
    if observer is None:
        return None

    def observe(step: Step) -> None:
        changes = tuple((name, arrays.to_nested(arrays.map_scalars(primal, v))) for name, v in step.changes)
        observer(Step(step.statement, step.weight, changes, step.depth))

    return observe


def _input(variable: Variable, value: Any, options: Options) -> Value:
    """An input as the program stores it, checked where its mode asks for it."""

    def convert(number: int | float) -> int | float:
        if options.domain == "nat" and number < 0:
            fail(
                E0611,
                f"input `{variable.name}` is {show(number)}, but `domain` is nat",
                variable.span,
                "natural numbers are at least 0",
                'give a number that is at least 0, or use `domain="int"`',
            )
        if not options.is_hard or variable.type.kind is Kind.REAL:
            return to_float(number)
        if number != number // 1:
            fail(
                E0608,
                f"input `{variable.name}` is {show(number)}, which is not a whole number",
                variable.span,
                "an int",
                "give a whole number, or run in a smooth mode such as `--smooth inf`",
            )
        return int(number)

    shape = concrete(variable.type.shape)
    if shape == ():
        return convert(value)
    return arrays.from_nested(cast("Sequence[Any]", value), shape, convert)


def _seeded(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values as dual numbers, each differentiated by itself."""
    total = sum(len(value.items) if isinstance(value, Array) else 1 for value in values.values())
    position = 0

    def seed(value: float) -> Dual:
        nonlocal position
        ones = [0.0] * total
        ones[position] = 1.0
        position += 1
        return Dual(value, tuple(ones))

    return {name: arrays.map_scalars(seed, value) for name, value in values.items()}


def _block(output: Value, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """The derivatives of an output by every input."""
    total = sum(prod(shape) for shape in shapes.values())
    items = output.items if isinstance(output, Array) else [output]
    rows = [tangent(item, total) for item in items]
    outer = output.shape if isinstance(output, Array) else ()
    blocks: dict[str, Any] = {}
    start = 0
    for name, shape in shapes.items():
        size = prod(shape)
        flat = [entry for row in rows for entry in row[start : start + size]]
        start += size
        both = outer + shape
        blocks[name] = arrays.to_nested(Array(flat, both)) if both else flat[0]
    return blocks
