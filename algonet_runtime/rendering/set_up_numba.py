"""Faces of a picture from vertices and camera, and the gradients by these, in float64. Imports numba.

The formulas are those of `view.py`, `faces.py` and `shading.py`. Arrays have a leading dimension of the
batch, of size 1 where all pictures share them.
"""

# pyright: basic
from __future__ import annotations

import math

import numba
import numpy as np

from algonet_runtime.numba_cache import keep
from algonet_runtime.rendering.packed import (
    CENTRE_X,
    CENTRE_Y,
    CHANNEL,
    FADE,
    FALL,
    GATE,
    HIDDEN,
    LOGIT,
    PAPER_LENGTH,
    SHARPNESS,
    SHOWN,
    TWIN,
)
from algonet_runtime.rendering.vectors_numba import (
    add_to,
    cross,
    dot,
    minus,
    plus,
    row_of,
    times,
    unit,
    unit_gradient,
)
from algonet_runtime.switches_numba import is_on

_OPTIONS = {"error_model": "numpy", "nogil": True}
"""Without fused products, so that vector products of parallel vectors are 0."""
_compiled = numba.njit(**_OPTIONS)
_inlined = numba.njit(inline="always", **_OPTIONS)


@_inlined
def _own(values, b):
    """What a picture has of an array."""
    return values[b if values.shape[0] > 1 else 0]


@_inlined
def _sigmoid(x):
    e = math.exp(-abs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


@_inlined
def _softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@_compiled
def _project(vertices, eye, axes, scale, near, is_perspective, seen):
    """Fill (V, 4): place in the picture, depth, and logarithm of the degree of being in front of `near`."""
    fade = FADE / near
    right, up, forward = row_of(axes, 0), row_of(axes, 1), row_of(axes, 2)
    camera = eye[0], eye[1], eye[2]
    for v in range(vertices.shape[0]):
        relative = minus(row_of(vertices, v), camera)
        z = dot(forward, relative)
        depth = near / 2 + _softplus(fade * (z - near / 2)) / fade
        half = depth * scale if is_perspective else scale
        seen[v, 0] = dot(right, relative) / half
        seen[v, 1] = dot(up, relative) / half
        seen[v, 2] = depth
        seen[v, 3] = -_softplus(-fade * (z - near))


@_compiled
def _project_gradient(
    vertices, eye, axes, near, is_perspective, scale, seen, g_seen, g_vertices, g_eye, g_axes
):
    """Add to the gradients; gives that of the scale."""
    fade = FADE / near
    right, up, forward = row_of(axes, 0), row_of(axes, 1), row_of(axes, 2)
    camera = eye[0], eye[1], eye[2]
    g_scale = 0.0
    for v in range(vertices.shape[0]):
        relative = minus(row_of(vertices, v), camera)
        z, depth = dot(forward, relative), seen[v, 2]
        half = depth * scale if is_perspective else scale
        g_half = -(g_seen[v, 0] * seen[v, 0] + g_seen[v, 1] * seen[v, 1]) / half
        g_depth = g_seen[v, 2]
        if is_perspective:
            g_depth += g_half * scale
            g_scale += g_half * depth
        else:
            g_scale += g_half
        g_z = g_depth * _sigmoid(fade * (z - near / 2)) + g_seen[v, 3] * fade * _sigmoid(-fade * (z - near))
        g_x, g_y = g_seen[v, 0] / half, g_seen[v, 1] / half
        g = plus(plus(times(g_x, right), times(g_y, up)), times(g_z, forward))
        add_to(g_vertices, v, g)
        for axis in range(3):
            g_eye[axis] -= g[axis]
        add_to(g_axes, 0, times(g_x, relative))
        add_to(g_axes, 1, times(g_y, relative))
        add_to(g_axes, 2, times(g_z, relative))
    return g_scale


@_inlined
def _toward_eye(middle, eye, axes, is_perspective):
    """From a face to the camera, not yet of length 1."""
    if is_perspective:
        return eye[0] - middle[0], eye[1] - middle[1], eye[2] - middle[2]
    return -axes[2, 0], -axes[2, 1], -axes[2, 2]


@_inlined
def _brightness(a, b, c, eye, axes, toward_light, look, is_perspective, is_two_sided):
    normal = unit(cross(minus(b, a), minus(c, a)))
    toward = _toward_eye(times(1.0 / 3.0, plus(plus(a, b), c)), eye, axes, is_perspective)
    if is_perspective:
        toward = unit(toward)
    half = unit(plus(toward_light, toward))
    if is_two_sided:
        normal = times(math.tanh(SHARPNESS * dot(normal, toward)), normal)
    diffuse = _softplus(SHARPNESS * dot(normal, toward_light)) / SHARPNESS
    specular = _softplus(SHARPNESS * dot(normal, half)) / SHARPNESS
    return look[0] + look[1] * diffuse + look[2] * specular ** look[3]


@_compiled
def _brightness_gradient(
    a, b, c, eye, axes, toward_light, look, is_perspective, is_two_sided,
    g, g_corners, g_eye, g_axes, g_toward,
):  # fmt: skip
    """Add to the gradients: by corners (3, 3), by the camera, and by the unit direction toward the light."""
    ab, ac = minus(b, a), minus(c, a)
    across = cross(ab, ac)
    normal = unit(across)
    raw = _toward_eye(times(1.0 / 3.0, plus(plus(a, b), c)), eye, axes, is_perspective)
    toward = unit(raw) if is_perspective else raw
    middle = plus(toward_light, toward)
    half = unit(middle)
    turned = math.tanh(SHARPNESS * dot(normal, toward)) if is_two_sided else 1.0
    facing = times(turned, normal)
    u, w = SHARPNESS * dot(facing, toward_light), SHARPNESS * dot(facing, half)
    specular = _softplus(w) / SHARPNESS
    g_u = g * look[1] * _sigmoid(u)
    g_w = g * look[2] * look[3] * specular ** (look[3] - 1.0) * _sigmoid(w)
    g_facing = plus(times(g_u, toward_light), times(g_w, half))
    by_middle = unit_gradient(middle, times(g_w, facing))
    by_toward = by_middle
    by_light = plus(times(g_u, facing), by_middle)
    by_normal = times(turned, g_facing)
    if is_two_sided:
        g_turn = dot(normal, g_facing) * SHARPNESS * (1.0 - turned * turned)
        by_normal = plus(by_normal, times(g_turn, toward))
        by_toward = plus(by_toward, times(g_turn, normal))
    if is_perspective:
        by_raw = unit_gradient(raw, by_toward)
        for axis in range(3):
            g_eye[axis] += by_raw[axis]
            for corner in range(3):
                g_corners[corner, axis] -= by_raw[axis] / 3.0
    else:
        for axis in range(3):
            g_axes[2, axis] -= by_toward[axis]
    by_across = unit_gradient(across, by_normal)
    by_ab, by_ac = cross(ac, by_across), cross(by_across, ab)
    for axis in range(3):
        g_corners[0, axis] -= by_ab[axis] + by_ac[axis]
        g_corners[1, axis] += by_ab[axis]
        g_corners[2, axis] += by_ac[axis]
        g_toward[axis] += by_light[axis]


@_inlined
def _shape(seen, face, s, slack):
    """Of a face: centre, corners around it, lengths of edges and their soft minimum."""
    x0, x1, x2 = seen[face[0], 0], seen[face[1], 0], seen[face[2], 0]
    y0, y1, y2 = seen[face[0], 1], seen[face[1], 1], seen[face[2], 1]
    cx, cy = (x0 + x1 + x2) / 3.0, (y0 + y1 + y2) / 3.0
    xs, ys = (x0 - cx, x1 - cx, x2 - cx), (y0 - cy, y1 - cy, y2 - cy)
    lengths = (
        math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0) + slack),
        math.sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1) + slack),
        math.sqrt((x0 - x2) * (x0 - x2) + (y0 - y2) * (y0 - y2) + slack),
    )
    least = min(lengths[0], lengths[1], lengths[2])
    w0, w1, w2 = (
        math.exp(least - lengths[0]),
        math.exp(least - lengths[1]),
        math.exp(least - lengths[2]),
    )
    total = w0 + w1 + w2
    shares = (w0 / total, w1 / total, w2 / total)
    size = shares[0] * lengths[0] + shares[1] * lengths[1] + shares[2] * lengths[2]
    return (cx, cy), xs, ys, lengths, shares, size


@keep
@_compiled
def set_up(
    gated, lit, vertices, faces, mask, eye, axes, scale, steepness, opacity, colours, light, look,
    begin, end, out, is_broken,
):  # fmt: skip
    """Faces of the pictures `begin` to `end`.

    Args:
        gated: Whether faces have a gate.
        lit: Whether the first channel is the brightness in the light, and not `colours`.
        vertices: (B, V, 3).
        faces: (B, F, 3), whole numbers.
        mask: (B, F), which faces there are.
        eye: (B, 3).
        axes: (B, 3, 3).
        scale: (B,).
        steepness: (B,).
        opacity: (B,).
        colours: (B, F, C); C = 0 if lit.
        light: (B, 3).
        look: ambient, diffuse, specular, shininess, near, tau; then 1 or 0: perspective, two-sided.
        begin: First picture.
        end: Behind the last one.
        out: (B, F, FACE + channels): colours or brightness, then depth; or none. All 0 in a picture with a
            number that is not finite.
        is_broken: (B,), gets which pictures these are.
    """
    near, tau, is_perspective, is_two_sided = look[4], look[5], look[6] > 0.0, look[7] > 0.0
    seen, logits = np.empty((vertices.shape[1], 4)), np.empty(out.shape[1])
    for b in range(begin, end):
        own_vertices, own_faces, own_mask = _own(vertices, b), _own(faces, b), _own(mask, b)
        own_eye, own_axes, s, o = _own(eye, b), _own(axes, b), _own(steepness, b), _own(opacity, b)
        largest = -math.inf
        own_colours, own_light = _own(colours, b), _own(light, b)
        _project(own_vertices, own_eye, own_axes, _own(scale, b), near, is_perspective, seen)
        toward_light = unit((own_light[0], own_light[1], own_light[2]))
        reach = 1.0 / (4.0 * s)
        slack = reach * reach if is_on(gated) else PAPER_LENGTH
        for f in range(own_faces.shape[0]):
            face, q = own_faces[f], out[b, f]
            centre, xs, ys, _, _, size = _shape(seen, face, s, slack)
            scaled = s / size
            total = 0.0
            for i in range(3):
                j = (i + 1) % 3
                dx, dy = xs[j] - xs[i], ys[j] - ys[i]
                q[3 * i], q[3 * i + 1] = dy * scaled, -dx * scaled
                q[3 * i + 2] = (dx * ys[i] - dy * xs[i]) * scaled
                total += q[3 * i + 2]
            if total < 0.0:
                for i in range(9):
                    q[i] = -q[i]
            q[CENTRE_X], q[CENTRE_Y] = centre
            q[TWIN] = 1.0 + math.exp(-abs(total))
            q[GATE], q[FALL] = 0.0, 0.0
            if is_on(gated):
                fourth = reach**4
                for i in range(3):
                    square = xs[i] * xs[i] + ys[i] * ys[i]
                    fourth += square * square
                radius = math.sqrt(math.sqrt(fourth))
                q[GATE], q[FALL] = s * radius / 2.0 + tau, s / (2.0 * radius)
            depth = (seen[face[0], 2] + seen[face[1], 2] + seen[face[2], 2]) / 3.0
            log_shown = seen[face[0], 3] + seen[face[1], 3] + seen[face[2], 3] if own_mask[f] else HIDDEN
            q[SHOWN] = math.exp(log_shown)
            logits[f] = log_shown - o * depth
            largest = max(largest, logits[f])
            if is_on(lit):
                a, c, d = (
                    row_of(own_vertices, face[0]),
                    row_of(own_vertices, face[1]),
                    row_of(own_vertices, face[2]),
                )
                q[CHANNEL] = _brightness(
                    a, c, d, own_eye, own_axes, toward_light, look, is_perspective, is_two_sided
                )
                q[CHANNEL + 1] = depth
            elif q.shape[0] > CHANNEL:
                for channel in range(own_colours.shape[1]):
                    q[CHANNEL + channel] = own_colours[f, channel]
                q[CHANNEL + own_colours.shape[1]] = depth
        for f in range(own_faces.shape[0]):
            out[b, f, LOGIT] = logits[f] - largest  # shares do not change, and no digits are lost
        is_broken[b] = _has_no_sum(out[b])
        if is_broken[b]:
            out[b] = 0


@_compiled
def _has_no_sum(values):
    """Whether a number is not finite."""
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            if not math.isfinite(values[row, column]):
                return True
    return False


@keep
@_compiled
def set_up_gradient(
    gated, lit, vertices, faces, mask, eye, axes, scale, steepness, opacity, colours, light, look,
    begin, end, g, g_vertices, g_eye, g_axes, g_numbers, g_colours, g_light,
):  # fmt: skip
    """Gradients of the pictures `begin` to `end`, from those of their faces.

    It takes what `set_up` takes, and g (B, F, FACE + channels). It adds to zeros: to g_vertices (B, V, 3),
    g_eye (B, 3), g_axes (B, 3, 3), g_numbers (B, 3) by scale, steepness and opacity, g_colours (B, F, C) and
    g_light (B, 3).
    """
    near, is_perspective, is_two_sided = look[4], look[6] > 0.0, look[7] > 0.0
    count = vertices.shape[1]
    seen, g_seen = np.empty((count, 4)), np.empty((count, 4))
    g_xs, g_ys, g_toward, g_corners = np.empty(3), np.empty(3), np.empty(3), np.empty((3, 3))
    for b in range(begin, end):
        own_vertices, own_faces, own_mask = _own(vertices, b), _own(faces, b), _own(mask, b)
        own_eye, own_axes, s, o = _own(eye, b), _own(axes, b), _own(steepness, b), _own(opacity, b)
        own_light, own_scale = _own(light, b), _own(scale, b)
        _project(own_vertices, own_eye, own_axes, own_scale, near, is_perspective, seen)
        raw_light = own_light[0], own_light[1], own_light[2]
        toward_light = unit(raw_light)
        reach = 1.0 / (4.0 * s)
        slack = reach * reach if is_on(gated) else PAPER_LENGTH
        g_seen[:], g_toward[:] = 0.0, 0.0
        g_s, g_o = 0.0, 0.0
        for f in range(own_faces.shape[0]):
            face, h = own_faces[f], g[b, f]
            _, xs, ys, lengths, shares, size = _shape(seen, face, s, slack)
            scaled = s / size
            total = 0.0
            for i in range(3):
                j = (i + 1) % 3
                total += (xs[j] - xs[i]) * ys[i] - (ys[j] - ys[i]) * xs[i]
            total *= scaled
            sign = 1.0 if total >= 0.0 else -1.0
            g_turn = -math.exp(-abs(total)) * h[TWIN]
            g_scaled, g_reach = 0.0, 0.0
            g_xs[:], g_ys[:] = 0.0, 0.0
            for i in range(3):
                j = (i + 1) % 3
                dx, dy = xs[j] - xs[i], ys[j] - ys[i]
                by_offset = sign * (h[3 * i + 2] + g_turn)
                by_along, by_across = sign * h[3 * i], -sign * h[3 * i + 1]
                g_scaled += by_along * dy + by_across * dx + by_offset * (dx * ys[i] - dy * xs[i])
                g_dx = scaled * (by_across + by_offset * ys[i])
                g_dy = scaled * (by_along - by_offset * xs[i])
                g_ys[i] += scaled * by_offset * dx
                g_xs[i] -= scaled * by_offset * dy
                g_xs[j] += g_dx
                g_xs[i] -= g_dx
                g_ys[j] += g_dy
                g_ys[i] -= g_dy
            g_s += g_scaled / size
            g_size = -g_scaled * scaled / size
            for i in range(3):
                j = (i + 1) % 3
                by_length = g_size * shares[i] * (1.0 - lengths[i] + size) / lengths[i]
                g_dx, g_dy = by_length * (xs[j] - xs[i]), by_length * (ys[j] - ys[i])
                g_xs[j] += g_dx
                g_xs[i] -= g_dx
                g_ys[j] += g_dy
                g_ys[i] -= g_dy
                g_reach += by_length * reach
            if is_on(gated):
                fourth = reach**4
                for i in range(3):
                    square = xs[i] * xs[i] + ys[i] * ys[i]
                    fourth += square * square
                radius = math.sqrt(math.sqrt(fourth))
                g_radius = h[GATE] * s / 2.0 - h[FALL] * s / (2.0 * radius * radius)
                g_s += h[GATE] * radius / 2.0 + h[FALL] / (2.0 * radius)
                by_fourth = g_radius * radius / fourth
                for i in range(3):
                    square = xs[i] * xs[i] + ys[i] * ys[i]
                    g_xs[i] += by_fourth * square * xs[i]
                    g_ys[i] += by_fourth * square * ys[i]
                g_reach += by_fourth * reach**3
                g_s -= g_reach * reach / s
            middle_x = (h[CENTRE_X] - g_xs[0] - g_xs[1] - g_xs[2]) / 3.0
            middle_y = (h[CENTRE_Y] - g_ys[0] - g_ys[1] - g_ys[2]) / 3.0
            depth = (seen[face[0], 2] + seen[face[1], 2] + seen[face[2], 2]) / 3.0
            by_shown = 0.0
            if own_mask[f]:
                log_shown = seen[face[0], 3] + seen[face[1], 3] + seen[face[2], 3]
                by_shown = h[LOGIT] + h[SHOWN] * math.exp(log_shown)
            g_depth = -o * h[LOGIT]
            if h.shape[0] > CHANNEL:
                g_depth += h[h.shape[0] - 1]
            g_o -= depth * h[LOGIT]
            for i in range(3):
                corner = face[i]
                g_seen[corner, 0] += g_xs[i] + middle_x
                g_seen[corner, 1] += g_ys[i] + middle_y
                g_seen[corner, 2] += g_depth / 3.0
                g_seen[corner, 3] += by_shown
            if is_on(lit):
                g_corners[:] = 0.0
                a, c, d = (
                    row_of(own_vertices, face[0]),
                    row_of(own_vertices, face[1]),
                    row_of(own_vertices, face[2]),
                )
                _brightness_gradient(
                    *(a, c, d, own_eye, own_axes, toward_light, look, is_perspective, is_two_sided),
                    *(h[CHANNEL], g_corners, g_eye[b], g_axes[b], g_toward),
                )
                for i in range(3):
                    add_to(g_vertices[b], face[i], row_of(g_corners, i))
            else:
                for channel in range(g_colours.shape[2]):
                    g_colours[b, f, channel] += h[CHANNEL + channel]
        g_numbers[b, 0] += _project_gradient(
            *(own_vertices, own_eye, own_axes, near, is_perspective, own_scale, seen, g_seen),
            *(g_vertices[b], g_eye[b], g_axes[b]),
        )
        g_numbers[b, 1] += g_s
        g_numbers[b, 2] += g_o
        if is_on(lit):
            by_light = unit_gradient(raw_light, (g_toward[0], g_toward[1], g_toward[2]))
            for axis in range(3):
                g_light[b, axis] += by_light[axis]
