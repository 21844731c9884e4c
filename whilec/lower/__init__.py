"""From a checked program to the IR, with path weights made explicit."""

from whilec.lower.program import lower

__all__ = ["lower"]
