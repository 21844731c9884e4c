"""Runtime of the smooth WHILE language: differentiable algorithms as intrinsics.

Loads without torch: an intrinsic's signature is plain data.
"""

from __future__ import annotations

from algonet_runtime.intrinsic import Parameter, ResultSpec, Signature, table
from algonet_runtime.smoothness import Smoothness

__all__ = ["Parameter", "ResultSpec", "Signature", "Smoothness", "table"]
