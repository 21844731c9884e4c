"""Which backend runs a module, in words. Imports torch."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from whilec.driver.specialising import Programs, Sizes, Verdict


def explanation(programs: Programs, dtype: torch.dtype) -> str:
    """For each kind of call so far, the backend that runs it and why the others do not.

    Before the first call it is a call with tensors of `dtype` on the default device, if the program
    has no sizes to be bound.
    """
    recipe, checked = programs.recipe, programs.checked
    kinds = programs.used()
    if not kinds and not checked.shape_variables:
        dtype = torch.float64 if recipe.options.is_hard else dtype
        kinds = (((), torch.get_default_device(), dtype),)
    lines = [f"{recipe.source.name}: graph {recipe.graph}, smooth {recipe.options.smooth}"]
    if not kinds:
        names = ", ".join(checked.shape_variables)
        lines.append(f"  no call has bound {names} yet")
    for sizes, device, kind in kinds:
        lines.append(f"  {_described(checked.shape_variables, sizes)}{device}, {str(kind)[6:]}:")
        lines += [f"    {line}" for line in _lines(programs, sizes, device, kind)]
    return "\n".join(lines)


def _lines(programs: Programs, sizes: Sizes, device: torch.device, dtype: torch.dtype) -> Iterator[str]:
    chosen, verdicts = programs.chosen(sizes, device, dtype), programs.verdicts(sizes, device, dtype)
    width = max((len(verdict.name) for verdict in verdicts), default=0)
    for verdict in verdicts:
        yield f"{verdict.name:{width}}  {_verdict(verdict, chosen, programs.recipe.backend)}"
    if not verdicts:
        yield "no backend has this graph"


def _verdict(verdict: Verdict, chosen: str | None, wanted: str) -> str:
    if verdict.name == chosen:
        return "runs"
    if verdict.reason is not None:
        return f"does not run: {verdict.reason}"
    return f"not used: `{chosen or wanted}` " + ("comes first" if wanted == "auto" else "was asked for")


def _described(names: tuple[str, ...], sizes: Sizes) -> str:
    return "".join(f"{name} = {size}, " for name, size in zip(names, sizes, strict=True))
