"""Whether an exported file gives the numbers of the module it was made from. Imports torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast, final

import torch

from whilec.diagnostics.model import InternalError, WhileError
from whilec.driver.export_kinds import Exported
from whilec.driver.pipeline import run_prepared

MOST_STATEMENTS = 10_000
"""Random inputs for which a program takes more are left out."""

_TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-5}

ONNX_TOLERANCE = 1e-5

_SCALES = (3.0, 1.0, 0.25)
"""Random inputs lie between 0 and one of these."""

PATIENCE = 120
"""Seconds that a file may take."""


@final
class Verdict(NamedTuple):
    """How a file was verified.

    Args:
        rows: Elements that it was run with; 0 if it was not run.
        difference: The largest difference of an output, relative to outputs above 1.
        note: What is worth knowing, or empty.
    """

    rows: int
    difference: float
    note: str = ""


def verified(exported: Exported, kind: str, path: Path) -> Verdict:
    """Compare a file with the module.

    Raises:
        InternalError: They differ.
    """
    if kind == ".onnx" and find_spec("onnxruntime") is None:
        import onnx

        cast("Any", onnx.checker).check_model(path, full_check=True)
        return Verdict(0, 0.0, "onnxruntime is not installed; the file was checked, but not run")
    dtype = exported.dtype if kind != ".py" or exported.is_fixed else torch.float64
    inputs, rows = _inputs(exported, dtype)
    if not rows:
        return Verdict(0, 0.0, "the program runs too long on random inputs; give inputs to verify with")
    expected = list(exported.module.run(**inputs).outputs.values())
    try:
        found = _RUNNERS[kind](exported, path, inputs)
    except subprocess.TimeoutExpired:
        return Verdict(0, 0.0, f"the file ran for more than {PATIENCE} seconds")
    difference = max((_difference(a, b) for a, b in zip(expected, found, strict=True)), default=0.0)
    most = ONNX_TOLERANCE if kind == ".onnx" else _TOLERANCES[dtype]
    if not difference <= most:
        raise InternalError(f"the `{kind}` file differs from the program by {difference:.3g}")
    return Verdict(rows, difference)


def _difference(expected: torch.Tensor, found: torch.Tensor) -> float:
    """The largest one, relative where numbers are above 1; infinite where shapes or NaN differ."""
    if expected.shape != found.shape:
        return float("inf")
    a, b = expected.detach().double(), found.detach().double()
    is_same = (a == b) | (a.isnan() & b.isnan())
    distance = torch.where(is_same, 0.0, (a - b).abs() / a.abs().clamp(min=1.0))
    return distance.nan_to_num(nan=float("inf")).amax().item() if distance.numel() else 0.0


# ---- inputs


def _inputs(exported: Exported, dtype: torch.dtype) -> tuple[dict[str, torch.Tensor], int]:
    """Inputs to compare with, of shape (rows, *shape), and the number of rows."""
    wanted = 3 if exported.batch == "dynamic" else exported.batch
    if not exported.inputs:
        return {}, 1
    generator = torch.Generator().manual_seed(0)
    rows = [_row(exported, exported.examples, _SCALES[-1], generator)] if exported.examples else []
    drawn = (_row(exported, {}, scale, generator) for scale in _SCALES for _ in range(wanted))
    if exported.module.graph == "recurrent":
        drawn = (row for row in drawn if _is_short(exported, row))
    rows += islice(drawn, wanted - len(rows))
    stacked = {name: [row[name].to(dtype) for row in rows] for name in exported.inputs}
    return {name: torch.stack(values) for name, values in stacked.items()} if rows else {}, len(rows)


def _row(
    exported: Exported, examples: Mapping[str, Any], scale: float, generator: torch.Generator
) -> dict[str, torch.Tensor]:
    """One element of every input."""
    found: dict[str, torch.Tensor] = {}
    for name in exported.inputs:
        drawn = torch.rand(exported.shapes[name], generator=generator, dtype=torch.float64) * scale
        found[name] = torch.tensor(examples[name], dtype=torch.float64) if name in examples else drawn
    return found


def _is_short(exported: Exported, row: Mapping[str, torch.Tensor]) -> bool:
    """Whether the interpreter ends soon."""
    checked = exported.programs.specialised(exported.sizes).checked
    options = replace(exported.module.options, max_steps=MOST_STATEMENTS)
    tensors = {**exported.parameters, **row}
    values: dict[str, Any] = {name: value.tolist() for name, value in tensors.items()}  # pyright: ignore[reportUnknownMemberType]
    try:
        run_prepared(checked, values, options)
    except WhileError:
        return False
    return True


# ---- files


def _run_pt2(exported: Exported, path: Path, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    module: Any = torch.export.load(path).module()
    return _outputs(module(*inputs.values()))


def _run_onnx(exported: Exported, path: Path, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    session: Any = onnxruntime.InferenceSession(path)
    arrays = {name: value.numpy() for name, value in inputs.items()}
    return [torch.as_tensor(output) for output in session.run(None, arrays)]


_CALLER = """
import importlib.util, sys
file, function, inputs, outputs, torch_folder = sys.argv[1:]
sys.path.append(torch_folder)

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "whilec":
            raise ImportError(name)

sys.meta_path.insert(0, Blocker())
import torch
spec = importlib.util.spec_from_file_location("exported", file)
module = importlib.util.module_from_spec(spec)
sys.modules["exported"] = module
spec.loader.exec_module(module)
found = getattr(module, function)(**torch.load(inputs))
torch.save(list(found) if isinstance(found, tuple) else [found], outputs)
"""
"""Calls a file in a process of its own, where whilec cannot be imported."""


def _run_python(exported: Exported, path: Path, inputs: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    file = exported.standalone()
    assert torch.__file__ is not None
    with TemporaryDirectory() as folder:
        given, results = Path(folder, "inputs.pt"), Path(folder, "outputs.pt")
        torch.save({file.arguments[name]: value for name, value in inputs.items()}, given)
        arguments = [str(path), file.function, str(given), str(results), str(Path(torch.__file__).parents[1])]
        done = subprocess.run(
            [sys.executable, "-I", "-W", "ignore", "-c", _CALLER, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode:
            last = done.stderr.strip().rpartition("\n")[2]
            raise InternalError(f"the `.py` file does not run: {last}")
        return [value.detach() for value in torch.load(results)]


_RUNNERS = {".pt2": _run_pt2, ".onnx": _run_onnx, ".py": _run_python}


def _outputs(results: Any) -> list[torch.Tensor]:
    return [results] if isinstance(results, torch.Tensor) else list(results)
