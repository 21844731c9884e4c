"""Pictures from faces, and gradients of faces from those of pictures, tile by tile. Imports numba.

A face is left out of a tile only where an upper bound of V is tiny, and where it has no share of the colour.
"""

# pyright: basic
from __future__ import annotations

import math

import numba
import numpy as np

from algonet_runtime.numba_cache import keep
from algonet_runtime.rendering.exact_tiles_numba import add_face_exactly, face_gradient_exactly
from algonet_runtime.rendering.packed import CENTRE_X, CENTRE_Y, FALL, GATE, LOGIT, SHOWN, SIDE
from algonet_runtime.rendering.tiles_numba import (
    AREA,
    OPTIONS,
    ROWS,
    add_face,
    bound,
    face_gradient,
    is_plain,
    offsets,
    raise_reference,
)
from algonet_runtime.switches_numba import is_on

_compiled = numba.njit(**OPTIONS)
_LN2 = math.log(2)
_FAR = 1e30
"""Logarithm of the weight of pixels that nothing covers."""


@_compiled
def _spread(index, count):
    """The numbers below `count` in an order in which neighbours are far apart."""
    step = max(1, int(count * 0.618))
    while math.gcd(step, count) > 1:
        step += 1
    return index * step % count


@_compiled
def first_pixels(tiles, size, height, place):
    """Coordinates of the first pixel of every tile of a row of them."""
    for i in range(tiles):
        place[i] = (2 * i * SIDE + 1 - size) / height


@_compiled
def reaches(faces, least, gated, reach):
    """How far from its centre a face may be seen."""
    for f in range(faces.shape[0]):
        reach[f] = np.inf
        if is_on(gated):
            q = faces[f]
            reach[f] = math.sqrt(max((q[GATE] - least) / q[FALL], 0.0))


@_compiled
def is_near(q, x, y, half, reach, least, gated):
    """Whether a face may show in the tile at (x, y)."""
    if not abs(y - half - q[CENTRE_Y]) - half < reach:
        return False
    if abs(x + half - q[CENTRE_X]) - half > reach:
        return False
    return bound(q, x + half, y - half, half, gated) > least and q[SHOWN] > 0


@_compiled
def is_far(q, x, y, half, least, lowest, gated):
    """Whether a face that does not show in the tile has a share of the colour there, by its logit."""
    wanted = lowest + least - q[LOGIT]
    if wanted >= (least if q[SHOWN] > 0 else _LN2):
        return False
    if is_on(gated):
        dx, dy = x + half - q[CENTRE_X], y - half - q[CENTRE_Y]
        away = max(math.sqrt(dx * dx + dy * dy) - half * 1.4143, 0.0)
        if _LN2 + q[GATE] - q[FALL] * away * away <= wanted:
            return False
    return bound(q, x + half, y - half, half, gated) > wanted


@_compiled
def is_listed(q, x, y, half, reach, least, lowest, gated, shaded):
    """Whether a face has part in the tile at (x, y)."""
    if is_near(q, x, y, half, reach, least, gated):
        return True
    return is_on(shaded) and is_far(q, x, y, half, least, lowest, gated)


@_compiled
def smallest(lowest):
    """The smallest weight that shows in a picture."""
    found = _FAR
    for j in range(lowest.shape[0]):
        for i in range(lowest.shape[1]):
            found = min(found, lowest[j, i])
    return found


@_compiled
def tile_range(q, reach, least, weakest, height, width, rows_of_tiles, columns, gated, shaded):
    """First row, behind the last one, and so for columns, of the tiles that a face may reach."""
    if not is_on(gated) or (is_on(shaded) and not q[SHOWN] > 0):
        return 0, rows_of_tiles, 0, columns
    if is_on(shaded) and q[LOGIT] > weakest:
        wanted = weakest + least - q[LOGIT]
        reach = max(reach, math.sqrt(max((q[GATE] + _LN2 - wanted) / q[FALL], 0.0)))
    tile = 2.0 * SIDE / height
    around = reach + tile
    left, upper = (q[CENTRE_X] + width / height) / tile, (1 - q[CENTRE_Y]) / tile
    return (
        int(min(max(upper - around / tile, 0.0), rows_of_tiles)),
        int(min(max(upper + around / tile + 1, 0.0), rows_of_tiles)),
        int(min(max(left - around / tile, 0.0), columns)),
        int(min(max(left + around / tile + 1, 0.0), columns)),
    )


@_compiled
def _add(q, x, y, half, across, down, gated, shaded, fast, product, exponent, total, sums, reference, rows):
    is_fast = False
    if is_on(fast):
        is_fast = is_plain(q, x + half, y - half, half)
        if is_fast:
            add_face(q, x, y, across, down, gated, shaded, product, exponent, total, sums, reference, rows)
    if not is_fast:
        add_face_exactly(q, x, y, across, down, gated, shaded, exponent, total, sums, reference)


@_compiled
def _lowest(product, exponent, total, reference, gain, down_pixels, across_pixels, least):
    """The smallest logarithm of a weight that still shows in one of the pixels."""
    found = _FAR
    for row in range(down_pixels):
        for column in range(across_pixels):
            k = row * SIDE + column
            covered = -math.expm1(gain * (math.log(product[k]) + exponent[k] * _LN2))
            if covered > math.exp(least):
                found = min(found, math.log(total[k]) + reference[k] - math.log(covered))
    return found


@keep
@_compiled
def draw(
    gated,
    shaded,
    fast,
    faces,
    height,
    width,
    gain,
    least,
    begin,
    end,
    light,
    silhouette,
    log_total,
    means,
    lowest,
):
    """Rows of tiles `begin` to `end` of all pictures.

    Args:
        gated: Whether faces have a gate.
        shaded: Whether there are channels.
        fast: Whether faces may take the routines of float32.
        faces: (B, F, FACE + C).
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        gain: Factor of log(1 - V).
        least: Logarithm of the V that is left out.
        begin: First row of tiles.
        end: Behind the last one.
        light: (B, H, W), gets log(1 - S).
        silhouette: (B, H, W), gets S.
        log_total: (B, H, W), gets the logarithm of the sum of weights.
        means: (B, H, W, C), gets weighted means of channels.
        lowest: (B, tiles, tiles), gets what `face_gradient` needs to find the same faces.
    """
    count, channels = faces.shape[1], means.shape[3]
    rows_of_tiles, columns = (height + SIDE - 1) // SIDE, (width + SIDE - 1) // SIDE
    step = np.full(1, 2 / height, faces.dtype)
    half = np.full(1, (SIDE - 1) / height, faces.dtype)[0]
    across, down = offsets(step)
    xs, ys = np.empty(columns, faces.dtype), np.empty(rows_of_tiles, faces.dtype)
    first_pixels(columns, width, height, xs)
    first_pixels(rows_of_tiles, height, height, ys)
    product, exponent = np.empty(AREA, faces.dtype), np.empty(AREA, faces.dtype)
    total, sums = np.empty(AREA, faces.dtype), np.empty((channels, AREA), faces.dtype)
    reference, before = np.empty(AREA, faces.dtype), np.empty(AREA, faces.dtype)
    rows = np.empty((ROWS, AREA), faces.dtype)
    reach, in_row = np.empty(count, np.float64), np.empty(count, np.int32)
    near = np.empty(count, np.int32)
    for task in range(begin, end):
        b, j = task // rows_of_tiles, _spread(task % rows_of_tiles, rows_of_tiles)
        own, y = faces[b], -ys[j]
        reaches(own, least, gated, reach)
        listed = 0
        for f in range(count):
            if abs(y - half - own[f, CENTRE_Y]) - half < reach[f]:
                in_row[listed] = f
                listed += 1
        for i in range(columns):
            x = xs[i]
            product[:], exponent[:], total[:], sums[:] = 1, 0, 0, 0
            reference[:] = -_FAR
            nears = 0
            for place in range(listed):
                f = in_row[place]
                if is_near(own[f], x, y, half, reach[f], least, gated):
                    near[nears] = f
                    nears += 1
            if is_on(shaded):
                for place in range(nears):
                    raise_reference(own[near[place]], x, y, across, down, gated, reference)
            for place in range(nears):
                q = own[near[place]]
                _add(
                    q, x, y, half, across, down, gated, shaded, fast,
                    product, exponent, total, sums, reference, rows,
                )  # fmt: skip
            down_pixels, across_pixels = min(SIDE, height - j * SIDE), min(SIDE, width - i * SIDE)
            if is_on(shaded):
                lowest[b, j, i] = _FAR
                if nears:
                    lowest[b, j, i] = _lowest(
                        product, exponent, total, reference, gain, down_pixels, across_pixels, least
                    )
                next_near = 0
                for f in range(count):
                    if next_near < nears and near[next_near] == f:
                        next_near += 1
                        continue
                    q = own[f]
                    if not is_far(q, x, y, half, least, lowest[b, j, i], gated):
                        continue
                    before[:] = reference
                    raise_reference(q, x, y, across, down, gated, reference)
                    for k in range(AREA):
                        scale = math.exp(before[k] - reference[k])
                        total[k] *= scale
                        for c in range(channels):
                            sums[c, k] *= scale
                    _add(
                        q, x, y, half, across, down, gated, shaded, fast,
                        product, exponent, total, sums, reference, rows,
                    )  # fmt: skip
            for row in range(down_pixels):
                for column in range(across_pixels):
                    k, v, u = row * SIDE + column, j * SIDE + row, i * SIDE + column
                    through = min(gain * (math.log(product[k]) + exponent[k] * _LN2), 0.0)
                    light[b, v, u], silhouette[b, v, u] = through, -math.expm1(through)
                    if is_on(shaded):
                        is_covered = total[k] > 0
                        log_total[b, v, u] = math.log(total[k]) + reference[k] if is_covered else _FAR
                        for c in range(channels):
                            means[b, v, u, c] = sums[c, k] / total[k] if is_covered else 0


@keep
@_compiled
def to_tiles(shaded, height, width, gain, begin, end, g_light, g_means, means, log_total, *tiles):
    """Rows of tiles `begin` to `end` of what `gradient` takes, from pictures; 0 outside of them."""
    rows_of_tiles, columns = (height + SIDE - 1) // SIDE, (width + SIDE - 1) // SIDE
    t_light, t_means, t_centred, t_total = tiles
    for task in range(begin, end):
        b, j = task // rows_of_tiles, task % rows_of_tiles
        for i in range(columns):
            for k in range(AREA):
                v, u = j * SIDE + k // SIDE, i * SIDE + k % SIDE
                is_inside = v < height and u < width
                t_light[b, j, i, k] = gain * g_light[b, v, u] if is_inside else 0
                if is_on(shaded):
                    centred = 0.0
                    for c in range(means.shape[3]):
                        g = g_means[b, v, u, c] if is_inside else 0
                        t_means[b, j, i, c, k] = g
                        if is_inside:
                            centred += g * means[b, v, u, c]
                    t_centred[b, j, i, k] = centred
                    t_total[b, j, i, k] = log_total[b, v, u] if is_inside else _FAR


@keep
@_compiled
def gradient(
    gated,
    shaded,
    fast,
    faces,
    height,
    width,
    least,
    begin,
    end,
    lowest,
    t_light,
    t_means,
    t_centred,
    t_total,
    out,
):
    """Gradients of the faces `begin` to `end` of all pictures, each summed over its tiles in one order.

    Args:
        gated: As of `draw`.
        shaded: As of `draw`.
        fast: As of `draw`.
        faces: (B, F, FACE + C).
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        least: As of `draw`.
        begin: First face.
        end: Behind the last one.
        lowest: What `draw` has left.
        t_light: (B, tiles, tiles, AREA), gradients of log(1 - S), times the gain.
        t_means: (B, tiles, tiles, C, AREA), of the means.
        t_centred: (B, tiles, tiles, AREA), sum over channels of gradients times means.
        t_total: (B, tiles, tiles, AREA), logarithm of the sum of weights.
        out: (B, F, FACE + C), zeros, to which the gradients are added.
    """
    count = faces.shape[1]
    rows_of_tiles, columns = (height + SIDE - 1) // SIDE, (width + SIDE - 1) // SIDE
    step = np.full(1, 2 / height, faces.dtype)
    half = np.full(1, (SIDE - 1) / height, faces.dtype)[0]
    across, down = offsets(step)
    xs, ys = np.empty(columns, faces.dtype), np.empty(rows_of_tiles, faces.dtype)
    first_pixels(columns, width, height, xs)
    first_pixels(rows_of_tiles, height, height, ys)
    rows = np.empty((ROWS, AREA), faces.dtype)
    reach = np.empty(1, np.float64)
    current, weakest = -1, _FAR
    for task in range(begin, end):
        b, f = task // count, task % count
        q, g = faces[b, f], out[b, f]
        if b != current:
            current, weakest = b, smallest(lowest[b])
        reaches(faces[b, f : f + 1], least, gated, reach)
        first_row, last_row, first_column, last_column = tile_range(
            q, reach[0], least, weakest, height, width, rows_of_tiles, columns, gated, shaded
        )
        for j in range(first_row, last_row):
            for i in range(first_column, last_column):
                x, y = xs[i], -ys[j]
                if not is_listed(q, x, y, half, reach[0], least, lowest[b, j, i], gated, shaded):
                    continue
                given = (t_light[b, j, i], t_means[b, j, i], t_centred[b, j, i], t_total[b, j, i])
                is_fast = False
                if is_on(fast):
                    is_fast = is_plain(q, x + half, y - half, half)
                    if is_fast:
                        face_gradient(q, x, y, across, down, gated, shaded, *given, rows, g)
                if not is_fast:
                    face_gradient_exactly(q, x, y, across, down, gated, shaded, *given, g)
