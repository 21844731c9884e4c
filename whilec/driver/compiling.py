"""From a program to a torch module. The module is loaded when one is made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from whilec.backends.registry import Graph
from whilec.driver.arguments import plain_names, plain_options
from whilec.driver.files import load, source_of
from whilec.driver.recipe import Recipe, plain_trips
from whilec.semantics.options import Smooth
from whilec.source import SourceFile
from whilec.syntax import ast

if TYPE_CHECKING:
    import torch

    from whilec.module import WhileModule


def compile(  # noqa: A001 - the name of the public function
    path: str | os.PathLike[str],
    *,
    smooth: Smooth = "inf",
    steepness: float = 1.0,
    compare_steepness: float | None = None,
    epsilon: float = 1e-6,
    max_trips: int | None = None,
    graph: Graph = "recurrent",
    trips: int | Sequence[int] | None = None,
    loops: Literal["path", "mixture"] = "path",
    phi: Literal["sech", "bump"] = "sech",
    domain: Literal["int", "nat"] = "int",
    trainable: bool = False,
    backend: str = "auto",
    outputs: Iterable[str] | None = None,
    dtype: torch.dtype | None = None,
    checkpoint: bool = False,
) -> WhileModule:
    """The program in a file as a `torch.nn.Module`.

    Args:
        path: The program file; `-` is standard input.
        smooth: `hard`, k in 0..8 for class C^k, or `inf`.
        steepness: s > 0 of `=` and `!=`; can be set later, as an attribute.
        compare_steepness: The same for `< <= > >=`, LOOP and relaxed built-ins; None: `steepness`.
        epsilon: Path weights up to this count as 0.
        max_trips: Cap on the trips of one entry of a loop; None: 1000, in hard mode no limit.
        graph: `recurrent`: loops run until they end; `unrolled`: straight-line code.
        trips: Copies of every loop of an unrolled graph: one number, or one per loop.
        loops: `path` or `mixture`.
        phi: `sech` or `bump`, in mode inf.
        domain: `int`, or `nat` with saturating subtraction.
        trainable: Whether every assignment target has a weight and a bias.
        backend: `auto` for the first one that can, or a name.
        outputs: Names of the outputs wanted; None for the program's own.
        dtype: Of the computation and the results; None: that of the inputs.
        checkpoint: Whether the backward pass recomputes parts of loops to save memory.

    Raises:
        WhileError: The program cannot be read, it is wrong, or the arguments are.
    """
    given = {name: value for name, value in locals().items() if name != "path"}
    return compile_tree(load(os.fspath(path)), None, **given)


def compile_source(
    text: str,
    *,
    smooth: Smooth = "inf",
    steepness: float = 1.0,
    compare_steepness: float | None = None,
    epsilon: float = 1e-6,
    max_trips: int | None = None,
    graph: Graph = "recurrent",
    trips: int | Sequence[int] | None = None,
    loops: Literal["path", "mixture"] = "path",
    phi: Literal["sech", "bump"] = "sech",
    domain: Literal["int", "nat"] = "int",
    trainable: bool = False,
    backend: str = "auto",
    outputs: Iterable[str] | None = None,
    dtype: torch.dtype | None = None,
    checkpoint: bool = False,
    name: str = "<input>",
) -> WhileModule:
    """As `compile`, of the text of a program; `name` is what messages call it.

    Raises:
        WhileError: The program is wrong, or the arguments are.
    """
    given = {key: value for key, value in locals().items() if key not in ("text", "name")}
    return compile_tree(source_of(text, name), None, **given)


def compile_tree(
    source: SourceFile,
    program_tree: ast.Program | None,
    *,
    outputs: Iterable[str] | None = None,
    graph: Graph = "recurrent",
    trips: int | Sequence[int] | None = None,
    backend: str = "auto",
    dtype: torch.dtype | None = None,
    checkpoint: bool = False,
    **options: Any,
) -> WhileModule:
    """As `compile`, of a program whose tree is known; None parses the source.

    The places in the tree are those of `source`, which may be written in another language.

    Raises:
        WhileError: The program is wrong, or the arguments are.
    """
    recipe = Recipe(
        source=source,
        options=plain_options(options),
        outputs=plain_names(outputs),
        graph=graph,
        trips=plain_trips(trips),
        backend=backend,
        tree=program_tree,
    )
    from whilec.module import WhileModule

    return WhileModule(recipe, dtype=dtype, checkpoint=checkpoint)
