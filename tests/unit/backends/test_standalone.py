"""Programs as Python files of their own, run in a process where whilec cannot be imported."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import whilec
from tests.repository import ROOT
from whilec.backends.torch_text.standalone import python_name
from whilec.driver.export_kinds import Exported
from whilec.driver.exporting import exported
from whilec.module import WhileModule

MODES: Mapping[str, Mapping[str, Any]] = {
    "1": {"smooth": 1},
    "inf": {"smooth": "inf"},
    "bump": {"smooth": "inf", "phi": "bump"},
    "mixture": {"smooth": "inf", "loops": "mixture"},
    "nat": {"smooth": 0, "domain": "nat"},
    "trainable": {"smooth": 2, "trainable": True},
}

SIZES: Mapping[str, Mapping[str, int]] = {
    "add": {},
    "binary_search": {"n": 3},
    "bubble_sort": {"n": 3},
    "dynamic_time_warping": {"n": 3, "m": 2},
    "floyd_warshall": {"n": 2},
    "heat_equation": {"n": 4},
    "insertion_sort": {"n": 3},
    "kmeans_step": {"n": 3, "d": 2, "k": 2},
    "levenshtein": {"n": 3, "m": 2},
    "median_network": {"n": 4},
    "multiply": {},
    "newton": {},
    "subtract": {},
}

DRAFTS = {
    "odd_names": """
PROGRAM multiply(a: real[2], inputs: real, self, lambda, torch, values, float) -> class: real, range: real[2]
PARAM parameters: real = 0.5
PARAM steepness: real[2] = 2.0
FOR print FROM 0 TO 1 DO
  range[print] := a[print] * steepness[print] + print * float
END
IF torch < inputs THEN
  class := self * lambda + values
ELSE
  class := max(self, parameters)
END
""",
    "constant": "PROGRAM constant() -> y: real, z: real[2]  z[1] := 2.5  y := z[1] * 2",
    "functions": """
PROGRAM functions(x: real) -> z: real
DEF halvings(x, n) -> y
  WHILE x > n DO
    x := x / 2
    y := y + 1
  END
END
z := halvings(x, 0.3) + halvings(x + 1, 1.0)
""",
}
"""Programs whose names are those of Python, of torch or of the library; without inputs; with a DEF."""

TOO_LONG = {"multiply-mixture"}

CALLER = """
import importlib.util, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("whilec", "algonet_runtime"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
sys.path.append(sys.argv[2])
import torch

cases = torch.load(sys.argv[1])
for name, case in cases.items():
    spec = importlib.util.spec_from_file_location(name, case["file"])
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    inputs = {key: value.requires_grad_() for key, value in case["inputs"].items()}
    result = getattr(module, case["function"])(**inputs)
    outputs = list(result) if isinstance(result, tuple) else [result]
    loss = sum((o * torch.linspace(0.5, 1.5, o.numel()).reshape(o.shape)).sum() for o in outputs)
    leaves = list(inputs.values())
    gradients = [None] * len(leaves)
    if getattr(loss, "requires_grad", False):
        gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
    case["outputs"] = [output.detach() for output in outputs]
    case["gradients"] = [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, gradients)]
    assert not [name for name in sys.modules if name.partition(".")[0] == "whilec"]
torch.save(cases, sys.argv[1])
"""

CASES = [
    *(
        case
        for number, program in enumerate(SIZES)
        for turn, mode in enumerate(MODES)
        if number % 3 == turn % 3 and (case := f"{program}-{mode}") not in TOO_LONG
    ),
    *(f"{name}-inf" for name in DRAFTS),
]


def compiled(case: str, **more: Any) -> WhileModule:
    name, _, mode = case.rpartition("-")
    options = {**MODES[mode], **more}
    if name in DRAFTS:
        return whilec.compile_source(DRAFTS[name].strip(), name=f"{name}.while", **options)
    return whilec.compile(ROOT / "programs" / f"{name}.while", **options)


def subject_of(case: str, **more: Any) -> Exported:
    module = compiled(case, **more)
    return exported(module, module._programs, None, SIZES.get(case.rpartition("-")[0], {}), "dynamic")


def draw(subject: Exported) -> dict[str, torch.Tensor]:
    """Batches of shape (2, 1) and (2,) for the inputs, which broadcast."""
    generator = torch.Generator().manual_seed(7)
    batches = [(2, 1), (2,)]
    shapes = [(*batches[at % 2], *subject.shapes[name]) for at, name in enumerate(subject.inputs)]
    drawn = (1.5 * torch.rand(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return dict(zip(subject.inputs, drawn, strict=True))


def call(cases: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Run the files of all cases in another process."""
    torch.save(cases, folder / "cases.pt")
    arguments = [str(folder / "cases.pt"), str(Path(str(torch.__file__)).parents[1])]
    command = [sys.executable, "-I", "-W", "ignore", "-c", CALLER, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return torch.load(folder / "cases.pt")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Outputs and gradients of every file."""
    folder = tmp_path_factory.mktemp("standalone")
    cases: dict[str, Any] = {}
    for case in CASES:
        subject = subject_of(case)
        file = subject.standalone()
        path = folder / f"{python_name(case, ())}.py"
        path.write_text(file.text, encoding="utf-8")
        cases[case] = {
            "file": str(path),
            "function": file.function,
            "inputs": {file.arguments[name]: value for name, value in draw(subject).items()},
        }
    return call(cases, folder)


@pytest.mark.parametrize("case", CASES)
def test_file_gives_the_numbers_and_gradients_of_the_module(results: dict[str, Any], case: str) -> None:
    subject, found = subject_of(case), results[case]
    inputs = {name: value.requires_grad_() for name, value in draw(subject).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = list(subject.module.run(**inputs).values())
    expected = [output.detach() for output in outputs]
    torch.testing.assert_close(found["outputs"], expected, rtol=1e-12, atol=1e-12, equal_nan=True)
    loss = weighted(outputs)
    if loss.requires_grad:
        leaves = list(inputs.values())
        gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
        wanted = [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, gradients, strict=True)]
        torch.testing.assert_close(found["gradients"], wanted, rtol=1e-12, atol=1e-12, equal_nan=True)


def weighted(outputs: list[torch.Tensor]) -> torch.Tensor:
    """As in CALLER."""
    return sum((o * torch.linspace(0.5, 1.5, o.numel()).reshape(o.shape)).sum() for o in outputs)  # type: ignore[return-value]


def test_gradients_are_not_all_zero(results: dict[str, Any]) -> None:
    for mode in MODES:
        cases = [f"{program}-{mode}" for program in SIZES]
        found = [results[case]["gradients"] for case in cases if case in results]
        assert len(found) >= 4
        assert (
            sum(any(bool(g.nan_to_num().any()) for g in gradients) for gradients in found) >= len(found) - 1
        )


def load(path: Path, text: str) -> ModuleType:
    """The file as a module of this process."""
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def test_names_of_python_and_of_the_file_get_a_hyphen_below() -> None:
    file = subject_of("odd_names-inf").standalone()
    assert file.function == "multiply"
    assert file.arguments["lambda"] == "lambda_"
    assert file.arguments["self"] == "self_"
    assert file.arguments["steepness"] == "steepness"
    assert "steepness_: float = 1.0" in file.text


def test_two_definitions_of_one_name_both_stay(tmp_path: Path) -> None:
    text = subject_of("multiply-inf").standalone().text
    made = load(tmp_path / "two_definitions.py", text)
    assert made.multiply(3.0, 4.0).item() == pytest.approx(5.921189, abs=1e-6)  # the program
    assert "def numbers_multiply(a: Number, b: Number)" in text  # the product


def test_class_has_the_trained_numbers_as_parameters(tmp_path: Path) -> None:
    subject = subject_of("levenshtein-trainable")
    with torch.no_grad():
        subject.module.w.fill_(0.3)
        subject.module.target_weights[1] = 1.25
        subject.module.target_biases[0] = -0.125
    file = subject.standalone()
    made = getattr(load(tmp_path / "trained_numbers.py", file.text), str(file.module))()
    assert dict(made.state_dict()).keys() == subject.module.state_dict().keys()
    for name, value in subject.module.state_dict().items():
        assert torch.equal(made.state_dict()[name], value)
    words = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 3.0])
    made(*words).backward()
    subject.module(*words).backward()
    for name, parameter in subject.module.named_parameters():
        torch.testing.assert_close(made.get_parameter(name).grad, parameter.grad)


def test_steepness_is_an_argument(tmp_path: Path) -> None:
    module = compiled("multiply-inf", steepness=2.0, compare_steepness=3.0)
    subject = exported(module, module._programs, None, {}, "dynamic")
    made = load(tmp_path / "steepness_argument.py", subject.standalone().text)
    assert torch.equal(made.multiply(1.5, 1.0), module(1.5, 1.0))
    module.steepness = 2.5
    assert torch.equal(made.multiply(1.5, 1.0, steepness=2.5), module(1.5, 1.0))


def test_numbers_lists_arrays_and_halves_are_taken(tmp_path: Path) -> None:
    subject = subject_of("bubble_sort-1")
    made = load(tmp_path / "what_is_taken.py", subject.standalone().text)
    expected = subject.module([3.0, 1.0, 2.0])
    assert torch.equal(made.bubble_sort([3.0, 1.0, 2.0]), expected)
    assert torch.equal(made.bubble_sort(np.array([3.0, 1.0, 2.0])), subject.module(np.array([3.0, 1.0, 2.0])))
    halves = torch.tensor([3.0, 1.0, 2.0], dtype=torch.bfloat16)
    assert torch.equal(made.bubble_sort(halves), subject.module(halves))
    assert made.bubble_sort(torch.empty(0, 3)).shape == (0, 3)
    with pytest.raises(ValueError, match=r"`a` has shape \(4,\); its last dimensions must be \(3,\)"):
        made.bubble_sort([1.0, 2.0, 3.0, 4.0])


def test_dtype_of_the_module_is_that_of_the_file(tmp_path: Path) -> None:
    module = compiled("newton-1", dtype=torch.float32)
    subject = exported(module, module._programs, torch.float32, {}, "dynamic")
    made = load(tmp_path / "dtype_of_the_file.py", subject.standalone().text)
    assert made.newton(torch.tensor(2.0, dtype=torch.float64)).dtype is torch.float32


def test_loop_that_is_cut_short_warns_with_its_line(tmp_path: Path) -> None:
    module = whilec.compile_source(
        "x0 := x1\nWHILE x0 != 0 DO x0 := x0 - 1 END", max_trips=3, name="cut.while"
    )
    subject = exported(module, module._programs, None, {}, "dynamic")
    made = load(tmp_path / "cut_short.py", subject.standalone().text)
    with pytest.warns(UserWarning, match="the loop in line 2 was stopped after 3 trips"):
        made.cut(100.0)


def test_unrolled_graph_is_straight_line_text(tmp_path: Path) -> None:
    module = compiled("multiply-inf", graph="unrolled", trips=[3, 4])
    subject = exported(module, module._programs, None, {}, "dynamic")
    text = subject.standalone().text
    assert "repeat(" not in text
    made = load(tmp_path / "straight_line.py", text)
    values = torch.tensor([0.25, 0.5, 1.0], dtype=torch.float64)
    torch.testing.assert_close(
        made.multiply(values, 0.5), subject.module.run(values, 0.5).x0, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize(
    "case", ["multiply-inf", "binary_search-1", "levenshtein-trainable", "odd_names-inf"]
)
def test_file_is_clean_and_formatted(tmp_path: Path, case: str) -> None:
    path = tmp_path / "clean.py"
    path.write_text(subject_of(case).standalone().text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    isolated = ["--isolated", "--no-cache", "--config", "line-length = 110", str(path)]
    for command in (["check", "--select", "E4,E7,E9,F,I"], ["format", "--diff"]):
        done = subprocess.run([*ruff, *command, *isolated], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_source_and_its_lines_are_comments() -> None:
    source = 'PROGRAM p(x: real) -> y: real\n// a \\ and """ and a return \r y := 7\ny := x * x\n'
    module = whilec.compile_source(source, name='odd "name" \\.while')
    text = exported(module, module._programs, None, {}, "dynamic").standalone().text
    compile(text, "odd", "exec")
    assert "    # line 3: y := x * x\n    v = multiply(x, x)\n" in text
    assert "# y := x * x\n" in text
