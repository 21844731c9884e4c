"""Arithmetic on sizes: ints, or polynomials in shape variables not yet bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from whilec.semantics.types import Dim, Shape, SymbolicSize, spell

Monomial = tuple[str, ...]
"""A product of names, sorted; `()` is the constant."""


def symbol(name: str) -> SymbolicSize:
    """The size that is called `name` and not known yet."""
    return SymbolicSize((((name,), 1),))


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
    return SymbolicSize(tuple(sorted(kept.items())))


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


def replace(size: Dim, name: str, value: Dim) -> Dim:
    """The size with `value` for `name`."""
    if isinstance(size, int) or not any(name in names for names, _ in size.terms):
        return size
    result: Dim = 0
    for names, factor in size.terms:
        term: Dim = factor
        for each in names:
            term = multiply(term, value if each == name else symbol(each))
        result = add(result, term)
    return result


def at(size: Dim, value: int) -> Dim:
    """The size where every shape variable has this value; opaque parts stay."""
    for name in {name for names, _ in terms_of(size).items() for name in names if "(" not in name}:
        size = replace(size, name, value)
    return size


def is_never_negative(size: Dim) -> bool:
    """Whether a size is surely >= 0 whatever the shape variables, which are >= 1."""
    if isinstance(size, int) or not is_polynomial(size):
        return isinstance(size, int) and size >= 0
    factors = [factor for _, factor in size.terms]
    if min(factors) >= 0 or sum(factors) < 0:
        return min(factors) >= 0  # the sum is the size where all shape variables are 1
    shifted: Dim = size
    for name in {name for names, _ in size.terms for name in names}:
        shifted = replace(shifted, name, add(symbol(name), 1))
    return all(factor >= 0 for factor in terms_of(shifted).values())


def spell_shape(shape: Iterable[Dim]) -> str:
    """`[n, m + 1]`."""
    return f"[{', '.join(map(spell, shape))}]"
