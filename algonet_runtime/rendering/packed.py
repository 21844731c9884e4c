"""Where the numbers of a face are, in the rows that kernels take, and constants. Loads without torch."""

from __future__ import annotations

CENTRE_X, CENTRE_Y = 9, 10
"""Behind the three edges of three numbers each."""
TWIN = 11
"""1 + e^-|X|, what both orientations make of the face."""
GATE, FALL = 12, 13
"""g and h of the gate G = g - h |p - centre|^2; 0 without one."""
SHOWN = 14
"""The degree to which the face is there."""
LOGIT = 15
"""Added to log V in the depth order."""
CHANNEL = 16
"""The first channel; as many as follow."""

FADE = 10.0
"""k = FADE / near: how fast what comes nearer than `near` fades, in 1 / (unit of length)."""
TINY = 1e-12
"""Added to squared lengths, so that vectors of no length have a direction with derivatives: 0."""
PAPER_LENGTH = 1e-12
"""d^2 of the printed visibility: added to squared lengths of edges."""
HIDDEN = -1e30
"""Logarithm of the weight of a face that is masked out."""
SHARPNESS = 20.0
"""beta: max(0, u) is smooth on a scale of 1 / beta."""

SIDE = 8
"""Pixels of the side of a tile."""
