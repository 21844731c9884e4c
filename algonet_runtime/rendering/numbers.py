"""Smooth functions of numbers that the renderer is made of. Imports torch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from algonet_runtime.rendering.packed import TINY


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x); torch's own is linear from 20 on, and its derivatives jump there."""
    return -logsigmoid(-x)


def unit(vectors: Tensor) -> Tensor:
    """Vectors (.., k) of length 1; 0 where they are 0."""
    return vectors / (vectors.square().sum(-1, keepdim=True) + TINY).sqrt()


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Inner products of vectors (.., k): (..)."""
    return (a * b).sum(-1)


def cross(a: Tensor, b: Tensor) -> Tensor:
    """Vector products of (.., 3), which broadcast."""
    ax, ay, az = a.unbind(-1)
    bx, by, bz = b.unbind(-1)
    return torch.stack((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx), dim=-1)
