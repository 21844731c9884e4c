"""A compiled program as a module of `torch.nn`. Imports torch."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, SupportsFloat, final

import torch
from torch import nn

from algonet_runtime import Smoothness
from whilec.backends.base import Call, FailedRunError, LoopCount, Outcome
from whilec.backends.registry import Graph
from whilec.backends.torch_transforms import is_traced
from whilec.diagnostics.model import Diagnostic, Severity, WhileError
from whilec.driver.arguments import plain_options
from whilec.driver.explanation import explanation
from whilec.driver.failures import failed_run
from whilec.driver.loop_warnings import W0650, LoopWarning
from whilec.driver.pipeline import in_source, smoothness
from whilec.driver.recipe import Recipe, source_targets
from whilec.driver.specialising import Programs
from whilec.module.binding import Binder, Bound
from whilec.module.outputs import outputs_type
from whilec.module.parameters import attribute_names, start_values
from whilec.module.problems import fixed_option, steepness_with_derivative, wrong_dtype
from whilec.module.result import ModuleRun, loop_reports, warnings_about
from whilec.module.tensors import COMPUTED
from whilec.module.tracing import as_leaf, executable_for, run, traced_argument
from whilec.semantics.option_checks import check_options
from whilec.semantics.options import Options
from whilec.semantics.reference.execute_lanes import check_natural
from whilec.semantics.reference.result import LoopReport
from whilec.source import SourceFile

if TYPE_CHECKING:
    from whilec.driver.exporting import Batch, Saved

_USER = 5
"""Frames from the warning to the caller of the module: `_warn`, `forward`, two of torch."""
_FIXED = frozenset(
    {"smooth", "phi", "loops", "max_trips", "epsilon", "domain", "trainable", "std"}
    | {"graph", "trips", "backend", "dtype"}
)
"""Options that cannot be set on a module."""


@final
class WhileModule(nn.Module):
    """A program of the smooth WHILE language, ready to be called and trained.

    Made by `whilec.compile` and `whilec.compile_source`. A call takes the inputs by position or by
    name and PARAMs by name: tensors, numbers, lists and arrays of NumPy. Batch dimensions lead and
    broadcast, the declared shape trails. It gives a tensor, or a named tuple of several.

    PARAMs are parameters with their own names, with `_` behind where a module has an attribute of
    that name (`parameter_names`). With `trainable` there are `target_weights` and `target_biases`.
    """

    target_weights: nn.Parameter
    """With `trainable`: a weight for each target of an assignment, in the order of the text."""
    target_biases: nn.Parameter
    """The same for the biases."""

    def __init__(self, recipe: Recipe, *, dtype: torch.dtype | None = None, checkpoint: bool = False) -> None:
        super().__init__()
        _check_dtype(dtype, recipe.options)
        self._programs = Programs(recipe)
        self._options = recipe.options
        self._dtype = dtype
        self._has_warned = False
        self.checkpoint = bool(checkpoint)
        """Whether the backward pass recomputes parts of loops, to save memory."""
        checked = self._programs.checked
        self._outputs = checked.main.outputs
        self._together = outputs_type(self._outputs)
        stored = _stored_dtype(dtype, recipe.options)
        self._attributes = attribute_names(self, (variable.name for variable in checked.parameters))
        for name, (value, shape) in start_values(checked).items():
            start = torch.full(shape, value, dtype=stored)
            self.register_parameter(self._attributes[name], nn.Parameter(start))
        if recipe.options.trainable:
            targets = len(source_targets(checked))
            self.target_weights = nn.Parameter(torch.ones(targets, dtype=stored))
            self.target_biases = nn.Parameter(torch.zeros(targets, dtype=stored))
        self._binder = self._make_binder()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A PARAM."""

    # calls

    def forward(self, /, *values: Any, **named: Any) -> Any:
        """Run the program on every element of the batch.

        Raises:
            WhileError: The arguments do not fit the program, or the run failed (E06xx).
        """
        proxy = traced_argument(values, named)
        if proxy is not None:
            return as_leaf(self, proxy, values, named)
        bound, outcome = self._run(values, named)
        if outcome.loops and not self._has_warned and not torch.compiler.is_compiling():
            self._warn(outcome.loops)
        outputs = [_returned(outcome.outputs[name], bound) for name in self._outputs]
        return outputs[0] if len(outputs) == 1 else self._together(*outputs)

    def run(self, /, *values: Any, **named: Any) -> ModuleRun:
        """As a call, with the outputs by name, reports about the loops, and warnings about them.

        Raises:
            WhileError: The arguments do not fit the program, or the run failed (E06xx).
        """
        bound, outcome = self._run(values, named)
        reports = self._reports(outcome.loops) if outcome.loops else ()
        return ModuleRun(
            {name: _returned(outcome.outputs[name], bound) for name in self._outputs},
            reports,
            warnings_about(reports, self.source, self.loop_limit),
        )

    def _run(self, values: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Bound, Outcome]:
        own = {name: getattr(self, attribute) for name, attribute in self._attributes.items()}
        weights: tuple[torch.Tensor, torch.Tensor] | None = None
        if self._options.trainable:
            weights = (self.target_weights, self.target_biases)
            own = {**own, "target_weights": weights[0], "target_biases": weights[1]}
        bound = self._binder.bind(values, named, own)
        options, dtype = self._options, bound.dtype
        if options.domain == "nat" and not is_traced():
            self._check_natural(bound.inputs)
        executable = executable_for(self._programs, bound.sizes, bound.device, dtype)
        call = Call(
            inputs=bound.inputs,
            parameters=bound.parameters,
            target_weights=None if weights is None else (weights[0].to(dtype), weights[1].to(dtype)),
            steepness=options.steepness,
            compare_steepness=options.order_steepness,
            rows=bound.rows,
            dtype=dtype,
            device=bound.device,
            checkpoint=self.checkpoint,
        )
        try:
            return bound, run(executable, call)
        except FailedRunError as error:
            raise failed_run(error, self.source) from None

    def _check_natural(self, inputs: Mapping[str, torch.Tensor]) -> None:
        variables = self._programs.checked.main.variables
        try:
            for name, value in inputs.items():
                check_natural(variables[name], value)
        except WhileError as error:
            raise WhileError(*in_source(self.source, error.diagnostics)) from None

    def _reports(self, counts: tuple[LoopCount, ...]) -> tuple[LoopReport, ...]:
        return loop_reports(self._programs.loops, counts, self.source, self._options)

    def _warn(self, counts: tuple[LoopCount, ...]) -> None:
        """Say once that loops were cut short."""
        if not any(count.capped for count in counts):
            return
        self._has_warned = True
        found = warnings_about(self._reports(counts), self.source, self.loop_limit)
        text = "\n".join(_warning_text(d, self.loop_limit) for d in found if d.code is W0650)
        warnings.warn(LoopWarning(text), stacklevel=_USER)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and name not in self._parameters:
            raise fixed_option(name)
        super().__setattr__(name, value)

    # what it is made of

    @property
    def loop_limit(self) -> str:
        """The option that says how many trips a loop makes at most: `trips` of an unrolled graph."""
        return "trips" if self._programs.recipe.graph == "unrolled" else "max_trips"

    @property
    def source(self) -> SourceFile:
        """The text of the program, with its name."""
        return self._programs.recipe.source

    @property
    def options(self) -> Options:
        """What gives the program its meaning, with the steepness of now."""
        return self._options

    @property
    def graph(self) -> Graph:
        """Recurrent or unrolled."""
        return self._programs.recipe.graph

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What the checker noticed about the program and the options."""
        return (*check_options(self._options), *self._programs.checked.warnings)

    @property
    def parameter_names(self) -> Mapping[str, str]:
        """The attribute, and key in the `state_dict`, of every PARAM."""
        return dict(self._attributes)

    @property
    def smoothness(self) -> Smoothness:
        """How often the outputs can be differentiated by the inputs."""
        return smoothness(self._programs.checked, self._options)

    @property
    def steepness(self) -> float:
        """Of `=` and `!=`; may be set between calls, to anneal it."""
        return self._options.steepness

    @steepness.setter
    def steepness(self, value: SupportsFloat) -> None:
        self._set(steepness=value)

    @property
    def compare_steepness(self) -> float | None:
        """Of `< <= > >=`, LOOP and relaxed built-ins; None: as `steepness`."""
        return self._options.compare_steepness

    @compare_steepness.setter
    def compare_steepness(self, value: SupportsFloat | None) -> None:
        self._set(compare_steepness=value)

    def regularization(self) -> torch.Tensor:
        """Sum of (w - 1)^2 + b^2 over the weights and biases of targets; 0 if there are none."""
        if not self._options.trainable:
            return torch.zeros(())
        return (self.target_weights - 1).square().sum() + self.target_biases.square().sum()

    def save_as(
        self,
        path: str | os.PathLike[str],
        given: Mapping[str, Any] | None = None,
        *,
        batch: Batch = "dynamic",
    ) -> Saved:
        """Write a file that needs no whilec, and verify that it gives the same numbers.

        Args:
            path: `.py`, or, of an unrolled graph, `.pt2` or `.onnx`.
            given: Shape variables, and values of inputs for one element. They bind the sizes of the
                program; of a program without a header these are the inputs that the file takes.
            batch: Elements of a batch of a `.pt2` or `.onnx` file.

        Raises:
            WhileError: The file cannot be written, or the module cannot be exported so.
        """
        from whilec.driver.exporting import save_module

        return save_module(self, self._programs, self._dtype, path, given, batch)

    def explain(self) -> str:
        """Which backend runs the calls so far, and for every other one why it does not."""
        return explanation(self._programs, self._dtype or torch.get_default_dtype())

    def extra_repr(self) -> str:
        recipe, options = self._programs.recipe, self._options
        header = self._programs.checked.syntax.header
        name = self.source.name if header is None else header.name.id
        inputs = ", ".join(self._programs.checked.main.inputs)
        parts = [f"{name}({inputs}) -> {', '.join(self._outputs)}", f"smooth={options.smooth}"]
        parts.append(f"steepness={options.steepness:g}")
        if options.compare_steepness is not None:
            parts.append(f"compare_steepness={options.compare_steepness:g}")
        parts.append(f"graph={recipe.graph}")
        if recipe.trips is not None:
            parts.append(f"trips={recipe.trips}")
        return ", ".join([*parts, f"backend={recipe.backend}"])

    def _set(self, **changes: Any) -> None:
        for name, value in changes.items():
            if getattr(value, "requires_grad", False):
                raise steepness_with_derivative(name)
        given = plain_options(changes)
        options = replace(self._options, **{name: getattr(given, name) for name in changes})
        errors = [d for d in check_options(options) if d.severity is Severity.ERROR]
        if errors:
            raise WhileError(*errors)
        self._options = options

    # copies

    def _make_binder(self) -> Binder:
        return Binder(self._programs.checked, is_hard=self._options.is_hard, dtype=self._dtype)

    def __getstate__(self) -> dict[str, Any]:
        # A decorated function is found again under its name as this module, not as itself.
        left_out = ("_binder", "__wrapped__")
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # pyright: ignore[reportUnknownMemberType]
        self._binder = self._make_binder()


def _returned(output: torch.Tensor, bound: Bound) -> torch.Tensor:
    """An output in the shape of the batch; never a tensor of the caller's."""
    if any(output is given for given in (*bound.inputs.values(), *bound.parameters.values())):
        output = output.clone()
    if len(bound.batch) != 1:
        output = output.reshape(bound.batch + output.shape[1:])
    return output if bound.returned is None else output.to(bound.returned)


def _warning_text(diagnostic: Diagnostic, limit: str) -> str:
    source, primary = diagnostic.source, diagnostic.primary
    assert source is not None
    assert primary is not None
    place = f"{source.name}:{source.position(primary.span.start).line}"
    advice = [f"try a smaller steepness, another mode or a larger {limit}", *diagnostic.notes]
    return "; ".join([f"{place}: {diagnostic.title}", *advice])


def _check_dtype(dtype: Any, options: Options) -> None:
    if dtype is None:
        return
    is_floating = isinstance(dtype, torch.dtype) and dtype.is_floating_point
    if not is_floating or (options.is_hard and dtype is not torch.float64):
        raise wrong_dtype(dtype, is_hard=options.is_hard and is_floating)


def _stored_dtype(dtype: torch.dtype | None, options: Options) -> torch.dtype:
    """Of the module's own parameters."""
    wanted = torch.float64 if options.is_hard else dtype or torch.get_default_dtype()
    return wanted if wanted in COMPUTED else torch.float32
