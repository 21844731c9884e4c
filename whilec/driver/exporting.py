"""Compiled modules as files that need no whilec: `.pt2`, `.onnx` and `.py`; loads without torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError
from whilec.driver.arguments import plain_inputs
from whilec.driver.ir_listing import known_sizes
from whilec.driver.pipeline import calls_intrinsics, in_source
from whilec.driver.specialising import Programs
from whilec.driver.values import Value, shorten

if TYPE_CHECKING:
    from collections.abc import Generator

    import torch

    from whilec.driver.export_kinds import Exported
    from whilec.module import WhileModule

Batch: TypeAlias = int | Literal["dynamic"]
Kind: TypeAlias = Literal[".pt2", ".onnx", ".py"]

KINDS: Mapping[Kind, str] = {
    ".pt2": "a program of torch.export",
    ".onnx": "an ONNX model",
    ".py": "a Python file that needs torch only",
}

COUNTDOWN = "WHILE x1 != 0 DO\n  x1 := x1 - 1\nEND\n"

E0530 = Code(
    "E0530",
    "a file that programs are not exported to",
    """
The ending of the file says what it becomes: `.pt2` is a program of torch.export, which torch loads without
whilec; `.onnx` a model for other runtimes; `.py` a Python file that needs torch only, for people to read.
""",
    Example(COUNTDOWN, "compile {file} -o countdown.so --trips 4"),
)
E0531 = Code(
    "E0531",
    "a program that cannot be exported as asked",
    """
Files hold smooth programs: hard mode computes on exact integers, in the interpreter, and neither torch.export
nor ONNX nor a file of torch functions has these. A `.pt2` or `.onnx` file holds straight-line code, which is
an unrolled graph; a recurrent one, whose loops run until they end, becomes a `.py` file. A `.py` file needs
torch only, so that a program that calls an operation of `algonet_runtime` has none.
""",
    Example(COUNTDOWN, "compile {file} -o countdown.py --smooth hard"),
)
E0532 = Code(
    "E0532",
    "a package for exporting is not installed",
    """
`.onnx` files are written by torch with the packages `onnx` and `onnxscript`, which are not installed with
whilec; `pip install 'whilec[onnx]'` brings them. Where `onnxruntime` is installed too, the numbers of the
file are compared with those of the program.
""",
    Example("", ""),
)
E0533 = Code(
    "E0533",
    "an exported file that cannot be written",
    """
The file is written beside its place under another name, verified, and then put there at once, so that
nothing is lost if it fails. Here the system refused one of the steps. The folder must exist and be writable.
""",
    Example(COUNTDOWN, "compile {file} -o missing_folder/countdown.py"),
)
E0534 = Code(
    "E0534",
    "a size of the batch that cannot be exported",
    """
The batch of an exported file is `dynamic`, which takes any number of elements, or it has a fixed number of
at least 1. A `.py` file takes batches of any shape, so that there is nothing to choose.
""",
    Example(COUNTDOWN, "compile {file} -o countdown.pt2 --trips 4 --batch 0"),
)


@final
@dataclass(frozen=True)
class Saved:
    """A file that was written.

    Args:
        path: Where it is.
        inputs: Names of the inputs that it takes, in this order.
        rows: Elements of the batch that it was verified with; 0 if it was not run.
        difference: The largest difference between its numbers and those of the program, relative to
            numbers above 1.
        note: What is worth knowing about the verification, or empty.
    """

    path: str
    inputs: tuple[str, ...]
    rows: int
    difference: float
    note: str = ""


def save_module(
    module: WhileModule,
    programs: Programs,
    dtype: torch.dtype | None,
    path: str | os.PathLike[str],
    given: Mapping[str, Any] | None,
    batch: Batch,
) -> Saved:
    """Write a module as a file, and compare the numbers of the file with its own.

    Args:
        module: The module.
        programs: What it is compiled from.
        dtype: Of the computation; None for the default.
        path: The file; its ending says what it becomes.
        given: Shape variables, and values of inputs for one element: they bind sizes, and the file is
            verified with them. Of a program without a header these are the inputs of the file.
        batch: Elements of a batch of a `.pt2` or `.onnx` file.

    Raises:
        WhileError: The file cannot be written, or the module cannot be exported so.
        InternalError: The file gives other numbers than the module.
    """
    target = os.fspath(path)
    kind = kind_of(target)
    _check(module, kind, batch)
    if kind == ".py" and calls_intrinsics(programs.checked):
        title = "a `.py` file cannot hold calls of intrinsics, which are not part of torch"
        raise WhileError(
            Diagnostic(E0531, title, help="write a `.pt2` or `.onnx` file, of an unrolled graph")
        )
    subject = exported(module, programs, dtype, plain_inputs(given), batch)
    from whilec.driver.export_check import verified
    from whilec.driver.export_kinds import WRITERS

    with draft_of(target, kind) as draft:
        WRITERS[kind](subject, draft)
        verdict = verified(subject, kind, draft)
    return Saved(target, subject.inputs, *verdict)


def exported(
    module: WhileModule,
    programs: Programs,
    dtype: torch.dtype | None,
    given: Mapping[str, Value],
    batch: Batch,
) -> Exported:
    """What is exported; the arguments are those of `save_module`.

    Raises:
        WhileError: Sizes are missing or wrong.
    """
    import torch

    from whilec.driver.export_kinds import Exported

    checked = programs.checked
    parameters = [name for name in given if name in module.parameter_names]
    if parameters:
        title = f"`{parameters[0]}` is a PARAM, whose value is that of the module"
        raise WhileError(Diagnostic(E0531, title, help="set the parameter of the module before"))
    try:
        found = known_sizes(checked, given)
    except WhileError as error:
        raise WhileError(*in_source(module.source, error.diagnostics)) from None
    sizes = tuple(found[name] for name in checked.shape_variables)
    examples = {name: value for name, value in given.items() if name in checked.main.inputs}
    names = checked.main.inputs
    if not checked.has_header and examples:
        names = tuple(name for name in names if name in examples)
    own = next(iter(module.parameters()), None)
    wanted = dtype or (torch.get_default_dtype() if own is None else own.dtype)
    return Exported(
        module=module,
        programs=programs,
        sizes=sizes,
        program=programs.specialised(sizes).lowered,
        inputs=names,
        examples=examples,
        dtype=torch.float64 if wanted is torch.float64 else torch.float32,
        is_fixed=dtype is not None,
        batch=batch,
    )


@contextmanager
def draft_of(path: str, kind: Kind) -> Generator[Path]:
    """A file beside `path` that takes its place at the end; after an error it is removed instead.

    Raises:
        WhileError: It cannot be written.
    """
    try:
        target = Path(path).resolve()
        draft = target.with_name(f".{target.name}.{os.getpid()}{kind}")
        if target.is_dir():
            raise _unwritable(path, "it is a folder", "name a file")
        if not target.parent.is_dir():
            raise _unwritable(path, f"there is no folder `{Path(path).parent}`", "make the folder first")
        try:
            draft.open("xb").close()
            yield draft
            if target.exists():
                draft.chmod(target.stat().st_mode & 0o7777)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise _unwritable(path, (getattr(error, "strerror", None) or str(error)).lower()) from None


def _unwritable(path: str, reason: str, help_text: str | None = None) -> WhileError:
    return WhileError(Diagnostic(E0533, f"`{shorten(path)}` cannot be written: {reason}", help=help_text))


def kind_of(path: str) -> Kind:
    """What a file becomes, by its ending.

    Raises:
        WhileError: Files of this kind cannot be made.
    """
    for kind in KINDS:
        if path.endswith(kind) and len(Path(path).name) > len(kind):
            return kind
    title = f"`{shorten(path)}` ends in none of {', '.join(f'`{kind}`' for kind in KINDS)}"
    listing = ", ".join(f"`{kind}` for {text}" for kind, text in KINDS.items())
    raise WhileError(Diagnostic(E0530, title, help=f"choose {listing}"))


def _check(module: WhileModule, kind: Kind, batch: Batch) -> None:
    if module.options.is_hard:
        title = "hard mode cannot be exported"
        raise WhileError(Diagnostic(E0531, title, help="use a smooth mode, such as `smooth=0`"))
    if kind != ".py" and module.graph != "unrolled":
        title = f"a `{kind}` file holds an unrolled graph, and this module is recurrent"
        help_text = 'compile with `graph="unrolled"` and `trips`, or write a `.py` file'
        raise WhileError(Diagnostic(E0531, title, help=help_text))
    is_count = isinstance(batch, int) and not isinstance(batch, bool) and batch >= 1
    if batch != "dynamic" and not is_count:
        title = f"`batch` is `{shorten(str(batch))}`, which is not a number of elements"
        raise WhileError(Diagnostic(E0534, title, help='use "dynamic", or a whole number of at least 1'))
    if kind == ".py" and batch != "dynamic":
        title = "a `.py` file takes batches of any shape"
        raise WhileError(Diagnostic(E0534, title, help="leave `batch` out"))
    if kind == ".onnx":
        require_onnx()


def require_onnx() -> None:
    """Refuse `.onnx` where torch cannot write it.

    Raises:
        WhileError: A package is missing.
    """
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        names = " and ".join(f"`{name}`" for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        title = f"`.onnx` files need {names}, which {verb} not installed"
        raise WhileError(Diagnostic(E0532, title, help=f"pip install {' '.join(missing)}"))
