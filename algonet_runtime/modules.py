"""Every intrinsic as a module of torch, with its options and its steepness. Imports torch."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor, nn

from algonet_runtime.errors import RangeError
from algonet_runtime.intrinsic import Intrinsic, find
from algonet_runtime.relax.steepness import check_steepness


class AbstractOperation(nn.Module):
    """An intrinsic with its options.

    Args:
        steepness: As for the intrinsic; None: its default. A number becomes a buffer, or a parameter if it is
            trainable.
        is_trainable: Whether the steepness is a parameter. It has to stay above 0.
        options: The other options of the intrinsic.

    Raises:
        RangeError: The steepness is not positive, or there is no such steepness to train.
        TypeError: The intrinsic has no such option.
    """

    name: ClassVar[str]

    def __init__(
        self,
        *,
        steepness: float | Literal["auto"] | None = None,
        is_trainable: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        self._operation: Intrinsic[..., Any] = find(self.name)
        known = self._operation.python_signature.parameters
        tensors = {name for name, _ in self._operation.tensors}
        for option in options:
            if option not in known or option in tensors:
                listing = ", ".join(name for name in known if name not in tensors)
                raise TypeError(f"{type(self).__name__} has no option `{option}`; its options are {listing}")
        self._options = options
        self._steepness_name: str | None = None
        default = known["steepness"].default if "steepness" in known else None
        if default is None and steepness is not None:
            raise TypeError(f"{type(self).__name__} has no steepness")
        wanted = default if steepness is None else steepness
        if isinstance(wanted, str) or wanted is None:
            if is_trainable:
                raise RangeError(
                    f"{type(self).__name__}: only a number as steepness can be trained", "steepness"
                )
            if wanted is not None:
                check_steepness(self.name, wanted)
                self._options = {**options, "steepness": wanted}
            return
        check_steepness(self.name, wanted)
        value = torch.tensor(float(wanted))
        if is_trainable:
            self.register_parameter("steepness", nn.Parameter(value))
        else:
            self.register_buffer("steepness", value)
        self._steepness_name = "steepness"

    def forward(self, *tensors: Tensor, **more: Any) -> Any:
        """The intrinsic of the tensors; `more` are tensors given by name, such as `mask`."""
        if self._steepness_name is not None:
            more = {"steepness": getattr(self, self._steepness_name), **more}
        return self._operation(*tensors, **self._options, **more)

    def extra_repr(self) -> str:
        """The options."""
        shown = dict(self._options)
        if self._steepness_name is not None:
            value: Tensor = getattr(self, self._steepness_name)
            shown["steepness"] = f"{value.item():.4g}"
        return ", ".join(f"{name}={value}" for name, value in shown.items())

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_operation"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # pyright: ignore[reportUnknownMemberType]
        self._operation = find(self.name)


@final
class SoftSort(AbstractOperation):
    """`soft_sort` as a module."""

    name = "soft_sort"


@final
class SoftSortBy(AbstractOperation):
    """`soft_sort_by` as a module; it takes keys and payload."""

    name = "soft_sort_by"


@final
class SoftPermutation(AbstractOperation):
    """`soft_permutation` as a module."""

    name = "soft_permutation"


@final
class SoftRank(AbstractOperation):
    """`soft_rank` as a module."""

    name = "soft_rank"


@final
class SoftTopK(AbstractOperation):
    """`soft_topk` as a module; k is an option."""

    name = "soft_topk"


@final
class SoftQuantile(AbstractOperation):
    """`soft_quantile` as a module; q is an option."""

    name = "soft_quantile"


@final
class SoftMedian(AbstractOperation):
    """`soft_median` as a module."""

    name = "soft_median"


@final
class SoftMax(AbstractOperation):
    """`soft_max` as a module: the smooth maximum of each row."""

    name = "soft_max"


@final
class SoftMin(AbstractOperation):
    """`soft_min` as a module: the smooth minimum of each row."""

    name = "soft_min"


@final
class WeightedSoftmax(AbstractOperation):
    """`weighted_softmax` as a module; it takes scores and weights."""

    name = "weighted_softmax"


@final
class WeightedSoftmin(AbstractOperation):
    """`weighted_softmin` as a module; it takes scores and weights."""

    name = "weighted_softmin"


@final
class FiniteDifferences(AbstractOperation):
    """`finite_differences` as a module."""

    name = "finite_differences"
