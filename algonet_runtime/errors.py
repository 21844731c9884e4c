"""What is raised where an argument of an operation is wrong."""

from __future__ import annotations

from typing import final


class ArgumentError(ValueError):
    """An argument of an operation is wrong; the message says which and how.

    Args:
        message: What is wrong and what to do.
        argument: The name of the argument, or empty.
        row: Where in the batch, as an index per leading dimension; None where it is not one row.
    """

    def __init__(self, message: str, argument: str = "", row: tuple[int, ...] | None = None) -> None:
        super().__init__(message)
        self.argument = argument
        self.row = row


@final
class DerivativeError(RuntimeError):
    """A derivative of an order that a kernel does not have."""


def not_there(what: str) -> DerivativeError:
    """The error for a derivative that kernels do not have."""
    return DerivativeError(
        f"kernels have no {what}; set ALGONET_KERNELS=reference for the plain version, which has all"
    )


@final
class ShapeError(ArgumentError):
    """Shapes do not fit, or are not those of the signature."""


@final
class RangeError(ArgumentError):
    """A value is outside of the range that the operation is defined on."""


@final
class TypeMismatchError(ArgumentError):
    """An argument is no tensor, or one of another dtype or device."""
