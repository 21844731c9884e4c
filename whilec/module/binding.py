"""Arguments of a call, bound to the inputs of a program. Imports torch.

Looks at shapes, types and devices only, never at data, so that a call can be traced.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from operator import index
from typing import Any, NamedTuple, NoReturn, final

import torch

from whilec.diagnostics.model import InternalError, WhileError
from whilec.driver.pipeline import in_source
from whilec.module.problems import batches_differ, devices_differ, given_twice, not_numbers, too_many_values
from whilec.module.tensors import COMPUTED, as_array, as_numbers, as_signed, common_dtype
from whilec.semantics.bind import bind_shapes, check_input_names, input_variables
from whilec.semantics.program import CheckedProgram, Variable

Shape = tuple[int, ...]


class Slot(NamedTuple):
    """What a call may set: a size is an int, or the number of its shape variable."""

    rank: int
    sizes: tuple[tuple[int | None, int], ...]
    """For each dimension its size, or None and the position among the shape variables."""


class Bound(NamedTuple):
    """A call as an executable takes it, and what its results are turned back into.

    Args:
        inputs: By name, of shape (rows, *shape).
        parameters: PARAMs, likewise.
        sizes: Of the shape variables.
        batch: The shape of the batch; `rows` is the number of its elements.
        rows: 1 for a batch without dimensions.
        dtype: Of the computation.
        returned: The dtype of results, where it differs; None where it does not.
        device: Of all tensors.
    """

    inputs: dict[str, torch.Tensor]
    parameters: dict[str, torch.Tensor]
    sizes: Shape
    batch: Shape
    rows: int
    dtype: torch.dtype
    returned: torch.dtype | None
    device: torch.device


@final
class Binder:
    """Binds the calls of one program.

    Args:
        program: Checked for any sizes.
        is_hard: Whether integers stay integers.
        dtype: Of the computation and results; None for that of the inputs.
    """

    def __init__(self, program: CheckedProgram, *, is_hard: bool, dtype: torch.dtype | None) -> None:
        self._program = program
        self._is_hard = is_hard
        self._dtype = dtype
        self._inputs = program.main.inputs
        self._parameters = {v.name: _literal_shape(v) for v in program.parameters}
        self._variables = program.shape_variables
        self._slots = {name: self._slot(variable) for name, variable in input_variables(program).items()}
        self._required = len(self._inputs) if program.has_header else 0

    def bind(
        self, values: tuple[Any, ...], named: Mapping[str, Any], own: Mapping[str, torch.Tensor]
    ) -> Bound:
        """The arguments of a call; `own` are the tensors of the module, PARAMs under their names.

        Raises:
            WhileError: They do not fit the program, or each other.
        """
        given = self._named(values, named)
        device = self._device(given, own)
        tensors, dtype, returned = self._tensors(given, own, device)
        batches: dict[str, Shape] = {}
        sizes: list[int | None] = [None] * len(self._variables)
        for name, tensor in tensors.items():
            slot, shape = self._slots[name], tensor.shape
            start = len(shape) - slot.rank
            if start < 0 or not (slot.rank == 0 or _fits(slot, shape[start:], sizes)):
                self._wrong_shapes(tensors)
            batches[name] = shape[:start]
        batch = self._broadcast(batches)
        rows = prod(batch)

        def flat(name: str) -> torch.Tensor:
            tensor, own_batch = tensors[name], batches[name]
            shape = tensor.shape[len(own_batch) :]
            if tensor.dtype is not dtype and not self._is_hard:
                tensor = tensor.to(dtype)
            if own_batch != batch:
                tensor = tensor.expand(batch + shape)
            return tensor if len(batch) == 1 else tensor.reshape(rows, *shape)

        inputs = {
            name: flat(name) if name in tensors else self._zeros(rows, dtype, device) for name in self._inputs
        }
        parameters = {
            name: flat(name) if name in tensors else own[name].to(dtype).expand(rows, *shape)
            for name, shape in self._parameters.items()
        }
        # `index` makes a size that is symbolic while it is traced a number.
        known = tuple(index(size) for size in sizes if size is not None)
        return Bound(inputs, parameters, known, batch, rows, dtype, returned, device)

    def _slot(self, variable: Variable) -> Slot:
        shape = variable.type.shape
        sizes = [
            (dim, -1) if isinstance(dim, int) else (None, self._variables.index(str(dim))) for dim in shape
        ]
        return Slot(len(shape), tuple(sizes))

    def _named(self, values: tuple[Any, ...], named: Mapping[str, Any]) -> Mapping[str, Any]:
        """All arguments by name."""
        if len(values) > len(self._inputs):
            raise too_many_values(self._program, len(values))
        given = named
        if values:
            given = dict(zip(self._inputs, values, strict=False))
            for name, value in named.items():
                if name in given:
                    raise given_twice(name)
                given[name] = value
        is_known = all(name in self._slots for name in given)
        if not is_known or (self._required and not all(name in given for name in self._inputs)):
            check_input_names(self._program, given)
            raise InternalError("a name was refused without a reason")
        return given

    def _device(self, given: Mapping[str, Any], own: Mapping[str, torch.Tensor]) -> torch.device:
        """The one device of all tensors."""
        found: torch.device | None = None
        for tensors in (given, own):
            for value in tensors.values():
                if isinstance(value, torch.Tensor):
                    if found is None:
                        found = value.device
                    elif value.device != found:
                        self._devices_differ(given, own)
        return torch.get_default_device() if found is None else found

    def _tensors(
        self, given: Mapping[str, Any], own: Mapping[str, torch.Tensor], device: torch.device
    ) -> tuple[dict[str, torch.Tensor], torch.dtype, torch.dtype | None]:
        """All arguments as tensors on the device, with the dtypes of the computation and the results."""
        arrays = {name: as_array(name, value) for name, value in given.items()}
        tensors = {name: array for name, array in arrays.items() if array is not None}
        for name, tensor in tensors.items():
            if tensor.dtype.is_complex or tensor.layout is not torch.strided:
                kind = tensor.dtype if tensor.dtype.is_complex else tensor.layout
                raise not_numbers(name, f"is a tensor of {kind}")
        if self._is_hard:
            tensors = {name: as_signed(name, tensor) for name, tensor in tensors.items()}
            wanted = torch.float64
        else:
            wanted = self._dtype or common_dtype(tensors) or common_dtype(own) or torch.get_default_dtype()
        dtype = wanted if wanted in COMPUTED else torch.float32
        for name, value in given.items():
            if name not in tensors:
                tensors[name] = as_numbers(name, value, dtype, device, is_hard=self._is_hard)
            elif tensors[name].device != device:
                tensors[name] = tensors[name].to(device)
        return tensors, dtype, None if dtype is wanted else wanted

    def _broadcast(self, batches: Mapping[str, Shape]) -> Shape:
        shapes = list(batches.values())
        if not shapes or all(shape == shapes[0] for shape in shapes):
            return shapes[0] if shapes else ()
        try:
            return tuple(torch.broadcast_shapes(*shapes))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        except RuntimeError:
            raise batches_differ(self._program, batches) from None

    def _zeros(self, rows: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """An input that was left out: without a header all are int scalars."""
        return torch.zeros(rows, dtype=torch.int64 if self._is_hard else dtype, device=device)

    def _wrong_shapes(self, tensors: Mapping[str, torch.Tensor]) -> NoReturn:
        shapes = {
            name: tuple(tensor.shape[max(0, tensor.dim() - self._slots[name].rank) :])
            for name, tensor in tensors.items()
        }
        try:
            bind_shapes(self._program, shapes)
        except WhileError as error:
            raise WhileError(*in_source(self._program.source, error.diagnostics)) from None
        raise InternalError("a shape was refused without a reason")

    def _devices_differ(self, given: Mapping[str, Any], own: Mapping[str, torch.Tensor]) -> NoReturn:
        tensors = {**own, **given}
        raise devices_differ({n: t.device for n, t in tensors.items() if isinstance(t, torch.Tensor)})


def _fits(slot: Slot, shape: Shape, sizes: list[int | None]) -> bool:
    """Whether the last dimensions are as declared; notes the sizes that they bind."""
    for (size, variable), given in zip(slot.sizes, shape, strict=True):
        if size is None:
            size = sizes[variable]
            if size is None:
                size = sizes[variable] = given
        if size != given:
            return False
    return True


def _literal_shape(parameter: Variable) -> Shape:
    """The shape of a PARAM, which depends on no size."""
    return tuple(dim for dim in parameter.type.shape if isinstance(dim, int))
