"""Arithmetic on sizes: ints, or polynomials in shape variables not yet bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from whilec.semantics.types import Dim, Shape, SymbolicSize

Monomial = tuple[str, ...]
"""A product of names, sorted; `()` is the constant."""


def symbol(name: str) -> SymbolicSize:
    """The size that is called `name` and not known yet."""
    return SymbolicSize((((name,), 1),), name)


def opaque(text: str) -> SymbolicSize:
    """A size that is no polynomial, known by its canonical spelling (`div(n, 2)`)."""
    return symbol(text)


def is_polynomial(size: Dim) -> bool:
    """Whether `size` has no opaque part, so that unequal normal forms are unequal sizes."""
    return isinstance(size, int) or not any("(" in name for names, _ in size.terms for name in names)


def terms_of(size: Dim) -> dict[Monomial, int]:
    """Coefficient of each product of names."""
    return ({(): size} if size else {}) if isinstance(size, int) else dict(size.terms)


def from_terms(terms: Mapping[Monomial, int]) -> Dim:
    """The size with these coefficients; an int where no name is left."""
    kept = {names: factor for names, factor in terms.items() if factor}
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    return SymbolicSize(tuple(sorted(kept.items())), _spell(kept))


def add(left: Dim, right: Dim) -> Dim:
    """`left + right`."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    terms = terms_of(left)
    for names, factor in terms_of(right).items():
        terms[names] = terms.get(names, 0) + factor
    return from_terms(terms)


def negate(size: Dim) -> Dim:
    """`-size`."""
    if isinstance(size, int):
        return -size
    return from_terms({names: -factor for names, factor in size.terms})


def subtract(left: Dim, right: Dim) -> Dim:
    """`left - right`."""
    return add(left, negate(right))


def multiply(left: Dim, right: Dim) -> Dim:
    """`left * right`."""
    if isinstance(left, int) and isinstance(right, int):
        return left * right
    terms: dict[Monomial, int] = {}
    for left_names, left_factor in terms_of(left).items():
        for right_names, right_factor in terms_of(right).items():
            names = tuple(sorted(left_names + right_names))
            terms[names] = terms.get(names, 0) + left_factor * right_factor
    return from_terms(terms)


def differ(left: Dim, right: Dim) -> bool:
    """Whether two sizes are unequal for some values of the shape variables.

    Sizes with an opaque part count as equal until the call binds the shape variables.
    """
    return left != right and is_polynomial(left) and is_polynomial(right)


def shapes_differ(left: Shape, right: Shape) -> bool:
    """Whether two shapes have another number of dimensions, or sizes that differ."""
    return len(left) != len(right) or any(map(differ, left, right))


def spell_shape(shape: Iterable[Dim]) -> str:
    """`[n, m + 1]`."""
    return f"[{', '.join(map(str, shape))}]"


def _spell(terms: Mapping[Monomial, int]) -> str:
    """Source text of a polynomial: names first, the constant last."""
    parts: list[str] = []
    for names, factor in sorted(terms.items(), key=lambda term: term[0] == ()):
        magnitude = abs(factor)
        product = "*".join(names)
        text = (
            product if magnitude == 1 and product else f"{magnitude}*{product}" if product else str(magnitude)
        )
        sign = ("-" if factor < 0 else "") if not parts else (" - " if factor < 0 else " + ")
        parts.append(sign + text)
    return "".join(parts)
