"""The renderer as its formulas are printed: loops over faces and pixels, products in place of logarithms."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, prod, sqrt, tan

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Oracle:
    """One mesh and one camera."""

    vertices: Numbers
    faces: NDArray[np.int64]
    eye: Numbers
    target: tuple[float, float, float] = (0.0, 0.0, 0.0)
    up: tuple[float, float, float] = (0.0, 1.0, 0.0)
    size: tuple[int, int] = (5, 7)
    fov: float = 60.0
    half_height: float | None = None
    near: float = 0.1
    steepness: float = 10.0
    support: str = "disc"
    tau: float = 1.0
    gain: float = 2.0
    opacity: float = 50.0
    light: tuple[float, float, float] = (0.3, 1.0, 0.6)
    two_sided: bool = False
    shininess: float = 8.0

    def axes(self) -> Numbers:
        forward = _unit(np.array(self.target) - self.eye)
        right = _unit(np.cross(forward, np.array(self.up)))
        return np.stack([right, np.cross(right, forward), forward])

    def place(self, vertex: Numbers) -> tuple[Numbers, float, float]:
        """Place in the picture, depth, and degree to which it is in front of `near`."""
        seen = self.axes() @ (vertex - self.eye)
        k = 10 / self.near
        depth = self.near / 2 + _softplus(k * (seen[2] - self.near / 2)) / k
        half = depth * tan(np.radians(self.fov) / 2) if self.half_height is None else self.half_height
        return seen[:2] / half, depth, _sigmoid(k * (seen[2] - self.near))

    def visible(self, corners: list[Numbers], pixel: Numbers) -> float:
        """V, or with the gate V'."""
        s = self.steepness
        sides = [corners[(i + 1) % 3] - corners[i] for i in range(3)]
        slack = (1 / (4 * s)) ** 2 if self.support == "disc" else 1e-12
        lengths = [sqrt(side @ side + slack) for side in sides]
        total = sum(exp(-length) for length in lengths)
        m = sum(exp(-length) / total * length for length in lengths)
        x = [
            (side[0] * (corner[1] - pixel[1]) - side[1] * (corner[0] - pixel[0])) * s / m
            for side, corner in zip(sides, corners, strict=True)
        ]
        v = prod(_sigmoid(each) for each in x) + prod(_sigmoid(-each) for each in x)
        if self.support == "paper":
            return v
        centre = np.mean(corners, axis=0)
        fourth = sum(float((c - centre) @ (c - centre)) ** 2 for c in corners) + (1 / (4 * s)) ** 4
        rho = fourth**0.25
        gate = s * (rho**2 - float((pixel - centre) @ (pixel - centre))) / (2 * rho) + self.tau
        return v * _sigmoid(gate)

    def brightness(self, face: NDArray[np.int64]) -> float:
        a, b, c = self.vertices[face]
        normal = _unit(np.cross(b - a, c - a))
        toward_eye = -self.axes()[2] if self.half_height is not None else _unit(self.eye - (a + b + c) / 3)
        light = _unit(np.array(self.light))
        if self.two_sided:
            normal = normal * np.tanh(20 * (normal @ toward_eye))
        half = _unit(light + toward_eye)
        diffuse, specular = (_softplus(20 * float(normal @ each)) / 20 for each in (light, half))
        return 0.3 + 0.5 * diffuse + 0.2 * specular**self.shininess

    def picture(self) -> tuple[Numbers, Numbers]:
        """Silhouette and image."""
        height, width = self.size
        silhouette, image = np.zeros(self.size), np.zeros(self.size)
        places = [self.place(vertex) for vertex in self.vertices]
        for i in range(height):
            for j in range(width):
                pixel = np.array([(2 * j + 1 - width) / height, 1 - (2 * i + 1) / height])
                light, weights, colours = 1.0, [], []
                for face in self.faces:
                    v = self.visible([places[corner][0] for corner in face], pixel)
                    shown = prod(places[corner][2] for corner in face)
                    depth = sum(places[corner][1] for corner in face) / 3
                    light *= (1 - v) ** (self.gain * shown)
                    weights.append(v * shown * exp(-self.opacity * depth))
                    colours.append(self.brightness(face))
                silhouette[i, j] = 1 - light
                total = sum(weights)
                image[i, j] = (1 - light) * sum(w / total * c for w, c in zip(weights, colours, strict=True))
        return silhouette, image


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def _softplus(x: float) -> float:
    return max(x, 0) + log(1 + exp(-abs(x)))


def _unit(v: Numbers) -> Numbers:
    return v / np.sqrt(v @ v + 1e-12)
