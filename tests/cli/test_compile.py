"""`whilec compile`, and `WhileModule.save_as`, which it calls."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import whilec
from tests.command_line import Runner
from whilec.driver import export_check, export_kinds, exporting
from whilec.driver.export_kinds import Exported

VERIFIED = r"verified on 3 elements, max difference "


def load_python(path: Path) -> ModuleType:
    """A file as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def load_pt2(path: str) -> Any:
    return torch.export.load(path).module()


def inputs_of_scale(rows: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(rows)
    a, factor = torch.rand(rows, 3, generator=generator), torch.rand(rows, generator=generator)
    return a.to(dtype), factor.to(dtype)


# ---- .py


def test_python_file_gives_the_same_numbers(command: Runner, folder: Path) -> None:
    answer = command("compile", "scale.while", "n=3", "-o", "scale.py")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "scale.py: verified on 3 elements, max difference 0\n"
    made = load_python(folder / "scale.py")
    a, factor = inputs_of_scale(4, torch.float64)
    expected = whilec.compile("scale.while")(a, factor)
    found = made.scale(a, factor)
    assert found._fields == ("b", "total")
    assert torch.equal(found.b, expected.b)
    assert torch.equal(found.total, expected.total)


def test_param_on_the_command_line_is_the_value_in_the_file(command: Runner, folder: Path) -> None:
    assert command("compile", "scale.while", "n=3", "w=3.5", "-o", "scale.py").code == 0
    made = load_python(folder / "scale.py")
    assert made.Scale().w.item() == 3.5
    assert made.scale([1.0, 1.0, 1.0], 2.0).total.item() == 21.0


def test_inputs_bind_sizes(command: Runner, folder: Path) -> None:
    assert command("compile", "scale.while", "a=[1, 2]", "-o", "scale.py").code == 0
    assert load_python(folder / "scale.py").scale([1.0, 1.0], 1.0).total.item() == 4.0


def test_options_and_outputs_are_those_of_the_file(command: Runner, folder: Path) -> None:
    arguments = ("multiply.while", "-o", "product.py", "--smooth", "1", "--steepness", "0.5")
    assert command("compile", *arguments, "--outputs", "x0,x3", "--dtype", "float32").code == 0
    found = load_python(folder / "product.py").multiply(1.5, 0.5)
    module = whilec.compile(
        "multiply.while", smooth=1, steepness=0.5, outputs=("x0", "x3"), dtype=torch.float32
    )
    assert torch.equal(torch.stack(found), torch.stack(module(1.5, 0.5)))
    assert found.x0.dtype is torch.float32
    text = (folder / "product.py").read_text(encoding="utf-8")
    assert "smooth=1, steepness=0.5" in text
    assert f"made by whilec {whilec.__version__}" in text
    assert "# WHILE x2 != 0 DO\n" in text


def test_program_that_runs_too_long_is_not_verified(command: Runner, folder: Path) -> None:
    answer = command("compile", "multiply.while", "-o", "slow.py", "--loops", "mixture")
    assert answer.code == 0
    assert answer.out.startswith("slow.py: written, not verified: the program runs too long on random inputs")
    assert (folder / "slow.py").exists()


# ---- .pt2


def test_pt2_gives_the_same_numbers_and_gradients(command: Runner, folder: Path) -> None:
    answer = command("compile", "scale.while", "n=3", "-o", "scale.pt2", "--dtype", "float64")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("scale.pt2: " + VERIFIED)
    loaded, module = load_pt2("scale.pt2"), whilec.compile("scale.while", dtype=torch.float64)
    assert [name for name, _ in loaded.named_parameters()] == ["w"]
    for rows in (1, 5):
        a, factor = inputs_of_scale(rows, torch.float64)
        found, expected = loaded(a, factor), module(a, factor)
        torch.testing.assert_close(found, tuple(expected), rtol=1e-12, atol=1e-12)
        found[1].square().sum().backward()
        expected.total.square().sum().backward()
    torch.testing.assert_close(loaded.w.grad, module.w.grad, rtol=1e-12, atol=1e-12)


def test_pt2_of_loops_takes_trips_and_keeps_inputs_that_were_given(command: Runner, folder: Path) -> None:
    answer = command(
        "compile", "multiply.while", "x1=1", "x2=1", "-o", "m.pt2", "--trips", "2,3", "--smooth", "0"
    )
    assert (answer.code, answer.err) == (0, "")
    loaded = load_pt2("m.pt2")
    module = whilec.compile("multiply.while", smooth=0, graph="unrolled", trips=(2, 3))
    x1, x2 = torch.tensor([1.0, 0.5, 1.5]), torch.tensor([1.0, 0.25, 2.0])
    torch.testing.assert_close(loaded(x1, x2), module.run(x1, x2).x0, rtol=1e-6, atol=1e-6)
    assert loaded(x1, x2).dtype is torch.float32


def test_pt2_has_what_it_was_made_from(command: Runner, folder: Path) -> None:
    assert command("compile", "square.while", "-o", "square.pt2").code == 0
    files = {"description": "", "source": "", "inputs": "", "outputs": ""}
    program = torch.export.load("square.pt2", extra_files=files)
    assert files["source"] == (folder / "square.while").read_text(encoding="utf-8")
    assert (json.loads(files["inputs"]), json.loads(files["outputs"])) == (["n"], ["y"])
    assert not any("stack_trace" in node.meta for node in program.graph.nodes)


def test_pt2_needs_no_whilec(command: Runner, folder: Path) -> None:
    assert command("compile", "square.while", "-o", "square.pt2").code == 0
    code = (
        "import sys; sys.modules['whilec'] = None; sys.path.append(sys.argv[1]); import torch\n"
        "print(torch.export.load('square.pt2').module()(torch.tensor([3.0, 4.0])).tolist())"
    )
    place = str(Path(str(torch.__file__)).parents[1])
    command_line = [sys.executable, "-I", "-W", "ignore", "-c", code, place]
    done = subprocess.run(command_line, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("[9.0, 16.0]\n", 0), done.stderr


def test_batch_of_a_fixed_size(command: Runner, folder: Path) -> None:
    answer = command("compile", "square.while", "-o", "square.pt2", "--batch", "2")
    assert answer.out.startswith("square.pt2: verified on 2 elements")
    loaded = load_pt2("square.pt2")
    assert loaded(torch.tensor([2.0, 3.0])).tolist() == [4.0, 9.0]
    with pytest.raises((AssertionError, RuntimeError)):
        loaded(torch.tensor([2.0, 3.0, 4.0]))


def test_program_without_inputs_has_no_batch(command: Runner, folder: Path) -> None:
    text = "PROGRAM constant() -> y: real, z: real[2]\nz[1] := 2.5\ny := z[1] * 2\n"
    (folder / "constant.while").write_text(text, encoding="utf-8")
    answer = command("compile", "constant.while", "-o", "constant.pt2")
    assert answer.out.startswith("constant.pt2: verified on 1 element,")
    assert [value.tolist() for value in load_pt2("constant.pt2")()] == [5.0, [0.0, 2.5]]


def test_trained_weights_are_in_the_file(folder: Path) -> None:
    module = whilec.compile("countdown.while", smooth=1, trainable=True, graph="unrolled", trips=2)
    with torch.no_grad():
        module.target_weights[0] = 0.75
        module.target_biases[1] = 0.25
    saved = module.save_as(folder / "trained.pt2")
    assert (saved.path, saved.inputs, saved.rows) == (str(folder / "trained.pt2"), ("x1",), 3)
    assert saved.difference <= 1e-5
    loaded = load_pt2("trained.pt2")
    assert {name for name, _ in loaded.named_parameters()} == {"target_weights", "target_biases"}
    x1 = torch.tensor([0.5, 1.5, 3.0])
    torch.testing.assert_close(loaded(x1), module.run(x1).x0)


def test_loops_that_are_cut_short_on_the_inputs_given_are_told(command: Runner) -> None:
    answer = command(
        "compile", "countdown.while", "x1=5", "-o", "c.py", "--graph", "unrolled", "--trips", "2"
    )
    assert answer.code == 0
    assert "warning[W0650]" in answer.err


# ---- .onnx


@pytest.fixture
def onnxruntime() -> Any:
    reason = "the extra `onnx` is not installed"
    pytest.importorskip("onnx", reason=reason)
    pytest.importorskip("onnxscript", reason=reason)
    return pytest.importorskip("onnxruntime", reason="onnxruntime runs the files")


@pytest.mark.filterwarnings("default")
def test_onnx_gives_the_same_numbers(onnxruntime: Any, command: Runner, folder: Path) -> None:
    answer = command("compile", "scale.while", "n=3", "-o", "scale.onnx")
    assert answer.code == 0
    assert answer.out.startswith("scale.onnx: " + VERIFIED)
    session = onnxruntime.InferenceSession("scale.onnx")
    assert [value.name for value in session.get_inputs()] == ["a", "factor"]
    assert [value.name for value in session.get_outputs()] == ["b", "total"]
    module = whilec.compile("scale.while")
    for rows in (1, 6):
        a, factor = inputs_of_scale(rows, torch.float32)
        found = session.run(None, {"a": a.numpy(), "factor": factor.numpy()})
        for output, expected in zip(found, module(a, factor), strict=True):
            np.testing.assert_allclose(output, expected.detach().numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("default")
def test_onnx_of_loops_in_float64(onnxruntime: Any, command: Runner, folder: Path) -> None:
    arguments = (
        "compile",
        "multiply.while",
        "x1=1",
        "x2=1",
        "-o",
        "m.onnx",
        "--trips",
        "2",
        "--dtype",
        "float64",
    )
    answer = command(*arguments)
    assert answer.code == 0, answer.err
    session = onnxruntime.InferenceSession("m.onnx")
    x1, x2 = np.array([1.0, 0.5, 2.5]), np.array([0.5, 1.0, 2.0])
    module = whilec.compile("multiply.while", graph="unrolled", trips=2)
    (found,) = session.run(None, {"x1": x1, "x2": x2})
    np.testing.assert_allclose(found, module.run(x1, x2).x0.numpy(), rtol=1e-5, atol=1e-5)
    properties = session.get_modelmeta().custom_metadata_map
    assert properties["whilec.source"] == (folder / "multiply.while").read_text(encoding="utf-8")
    assert b"site-packages" not in (folder / "m.onnx").read_bytes()


@pytest.mark.filterwarnings("default")
def test_onnx_is_checked_where_onnxruntime_is_missing(
    onnxruntime: Any, command: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_check, "find_spec", lambda name: None)
    answer = command("compile", "square.while", "-o", "square.onnx")
    assert answer.code == 0
    assert "square.onnx: written, not verified: onnxruntime is not installed" in answer.out


def test_missing_packages_are_named(command: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    answer = command("compile", "square.while", "-o", "square.onnx")
    assert answer.code == 1
    assert "error[E0532]: `.onnx` files need `onnx` and `onnxscript`, which are not installed" in answer.err
    assert "help: pip install onnx onnxscript" in answer.err


# ---- what is wrong


def test_missing_trips_are_proposed_by_a_run(command: Runner) -> None:
    answer = command("compile", "multiply.while", "x1=3", "x2=4", "-o", "m.pt2")
    assert answer.code == 1
    assert "error[E0513]: an unrolled graph needs `--trips`" in answer.err
    assert "help: with these inputs the loops need `--trips 14,17`" in answer.err
    answer = command("compile", "countdown.while", "-o", "c.onnx")
    assert "help: add `--trips 8`" in answer.err
    assert "with inputs, as in `x1=3`, this message says how many trips they need" in answer.err


def test_proposed_trips_are_enough(command: Runner, folder: Path) -> None:
    answer = command(
        "compile", "multiply.while", "x1=1", "x2=2", "-o", "m.py", "--graph", "unrolled", "--smooth", "0"
    )
    assert "`--trips 2,1`" in answer.err
    arguments = ("-o", "m.py", "--graph", "unrolled", "--smooth", "0", "--trips", "2,1")
    assert command("compile", "multiply.while", "x1=1", "x2=2", *arguments).err == ""
    assert load_python(folder / "m.py").multiply(1.0, 2.0).item() == 2.0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("scale.while", "-o", "s.py"), "E0684]: the size `n` is not known"),
        (("scale.while", "n=3", "k=1", "-o", "s.py"), "E0654]: the program has no input `k`"),
        (("scale.while", "n=3", "w=[1, 2]", "-o", "s.py"), "E0657]: "),
        (("broken.while", "-o", "s.py"), "E0110]: "),
        (("square.while", "-o", "s.so"), "E0530]: `s.so` ends in none of `.pt2`, `.onnx`, `.py`"),
        (("square.while", "-o", ".py"), "E0530]: `.py` ends in none of"),
        (("square.while", "-o", "s.py", "--smooth", "hard"), "E0531]: hard mode cannot be exported"),
        (
            ("square.while", "-o", "s.pt2", "--graph", "recurrent"),
            "E0531]: a `.pt2` file holds an unrolled graph",
        ),
        (("square.while", "-o", "s.py", "--trips", "3"), "E0513]: a recurrent graph takes no `--trips`"),
        (("square.while", "-o", "s.pt2", "--batch", "0"), "E0534]: `--batch` is `0`"),
        (("square.while", "-o", "s.pt2", "--batch", "many"), "E0534]: `--batch` is `many`"),
        (("square.while", "-o", "s.py", "--batch", "2"), "E0534]: a `.py` file takes batches of any shape"),
        (
            ("square.while", "-o", "no_folder/s.py"),
            "E0533]: `no_folder/s.py` cannot be written: there is no folder",
        ),
        (("square.while", "-o", "folder.py"), "E0533]: `folder.py` cannot be written: it is a folder"),
        (("square.while", "-o", "square.while/s.py"), "E0533]: "),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    command: Runner, folder: Path, arguments: tuple[str, ...], error: str
) -> None:
    (folder / "folder.py").mkdir()
    before = sorted(folder.rglob("*"))
    answer = command("compile", *arguments)
    assert answer.code == 1
    assert f"error[{error}" in answer.err
    assert sorted(folder.rglob("*")) == before


def test_output_is_required(command: Runner) -> None:
    assert command("compile", "square.while").code == 2


def test_file_with_other_numbers_does_not_take_its_place(
    command: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_wrong(exported: Exported, path: Path) -> None:
        path.write_text(exported.standalone().text.replace("multiply(n, n)", "n + 1e-9"), encoding="utf-8")

    (folder / "square.py").write_text("kept", encoding="utf-8")
    monkeypatch.setitem(export_kinds.WRITERS, ".py", write_wrong)
    answer = command("compile", "square.while", "-o", "square.py")
    assert answer.code == 70
    assert "the `.py` file differs from the program by" in answer.err
    assert (folder / "square.py").read_text(encoding="utf-8") == "kept"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_file_that_does_not_run_is_our_bug(
    command: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_wrong(exported: Exported, path: Path) -> None:
        path.write_text("import whilec\n", encoding="utf-8")

    monkeypatch.setitem(export_kinds.WRITERS, ".py", write_wrong)
    answer = command("compile", "square.while", "-o", "square.py")
    assert answer.code == 70
    assert "the `.py` file does not run: ImportError: whilec" in answer.err
    assert not (folder / "square.py").exists()


def test_file_that_runs_for_too_long_is_not_verified(
    command: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_check, "PATIENCE", 0.01)
    answer = command("compile", "square.while", "-o", "square.py")
    assert answer.code == 0
    assert "not verified: the file ran for more than" in answer.out


# ---- save_as


def test_save_as_takes_the_values_of_the_module(folder: Path) -> None:
    module = whilec.compile("scale.while")
    with torch.no_grad():
        module.w.fill_(4.0)
    module.save_as("scale.py", {"n": 2})
    assert load_python(folder / "scale.py").Scale()([1.0, 2.0], 1.0).total.item() == 12.0
    with pytest.raises(whilec.WhileError, match="E0531: `w` is a PARAM, whose value is that of the module"):
        module.save_as("scale.py", {"n": 2, "w": 3.0})
    with pytest.raises(whilec.WhileError, match=r"E0531: a `\.pt2` file holds an unrolled graph"):
        module.save_as("scale.pt2", {"n": 2})
    with pytest.raises(whilec.WhileError, match="E0531: hard mode"):
        whilec.compile("scale.while", smooth="hard").save_as("scale.py", {"n": 2})


@whilec.smooth(smooth=1)
def triangle(n: int) -> float:
    """The sum of the whole numbers up to n."""
    total = 0.0
    while n > 0:
        total = total + n
        n = n - 1
    return total


def test_decorated_function_can_be_saved(folder: Path) -> None:
    saved = triangle.save_as("triangle.py")
    assert (saved.inputs, saved.difference) == (("n",), 0.0)
    text = (folder / "triangle.py").read_text(encoding="utf-8")
    assert "#     while n > 0:\n" in text
    assert load_python(folder / "triangle.py").triangle(4).item() == 10.0


@pytest.mark.filterwarnings("default")
def test_onnx_output_that_is_an_input_has_another_name(onnxruntime: Any, folder: Path) -> None:
    text = "PROGRAM swap(a: real, a_out: real) -> a: real, b: real\nb := a\na := a_out\n"
    module = whilec.compile_source(text, graph="unrolled")
    module.save_as("swap.onnx")
    session = onnxruntime.InferenceSession("swap.onnx")
    assert [value.name for value in session.get_outputs()] == ["a_out_", "b"]
    one, two = np.array([1.0], dtype=np.float32), np.array([2.0], dtype=np.float32)
    assert [list(value) for value in session.run(None, {"a": one, "a_out": two})] == [[2.0], [1.0]]


@pytest.mark.filterwarnings("default")
def test_onnx_outputs_are_called_like_operations_and_constants(onnxruntime: Any, folder: Path) -> None:
    text = (
        "PROGRAM p(add: real, b: real) -> where: real, sub: real, val_2: real, add_step0: real\n"
        "IF add > b THEN where := b * 2 ELSE where := add - 1 END\n"
        "sub := 3 - where\nval_2 := sub * 5 + where\nadd_step0 := where + 7\n"
    )
    whilec.compile_source(text, graph="unrolled").save_as("names.onnx")
    session = onnxruntime.InferenceSession("names.onnx")
    assert [value.name for value in session.get_inputs()] == ["add", "b"]
    assert [value.name for value in session.get_outputs()] == ["where", "sub", "val_2", "add_step0"]
