"""Copies of modules, and modules among others."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils import _pytree

import whilec
from whilec.driver.compiling import compile_tree
from whilec.driver.interpreted import Interpreted
from whilec.module.outputs import outputs_type
from whilec.source import SourceFile
from whilec.syntax.parser import parse

TEXT = "PROGRAM p(a: real[n], x: real) -> y: real, b: real[n]\nPARAM w: real = 2.0\ny := x * w\nb := a * x\n"


def saved(module: nn.Module) -> Any:
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda module: pickle.loads(pickle.dumps(module)),
    "deepcopy": copy.deepcopy,
    "torch.save": saved,
}
copies = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)


@copies
@pytest.mark.parametrize("backend", ["auto", "interpreter"])
def test_copies_are_independent_and_equal(copied: Callable[[Any], Any], backend: str) -> None:
    module = whilec.compile_source(TEXT, smooth=1, backend=backend, checkpoint=True)
    with torch.no_grad():
        module.w.fill_(3.0)
    module.steepness = 5.0
    module([1.0], 2.0)
    other = copied(module)
    assert type(other) is whilec.WhileModule
    assert other(torch.ones(2), 2.0).y.item() == 6.0
    assert (other.steepness, other.checkpoint, repr(other)) == (5.0, True, repr(module))
    other.steepness = 1.0
    with torch.no_grad():
        other.w.fill_(0.0)
    assert (module.steepness, module.w.item()) == (5.0, 3.0)


@copies
def test_a_module_of_a_tree_is_copied_with_its_tree(copied: Callable[[Any], Any]) -> None:
    syntax = parse(SourceFile("p.while", TEXT))
    assert syntax.program is not None
    module = compile_tree(SourceFile("p.py", TEXT.replace("PROGRAM", "no WHILE")), syntax.program, smooth=0)
    assert copied(module)([1.0], 2.0).y.item() == 4.0


def test_a_pickle_holds_text_and_options_only() -> None:
    module = whilec.compile_source(TEXT, smooth=0)
    before = len(pickle.dumps(module))
    for size in range(1, 9):
        module(torch.ones(size), 1.0)
    assert len(pickle.dumps(module)) == before


@copies
def test_an_interpreted_executable_is_copied(copied: Callable[[Any], Any]) -> None:
    module = whilec.compile_source(TEXT, smooth=0, backend="interpreter")
    executable = vars(module)["_programs"].executable((3,), torch.device("cpu"), torch.float32)
    assert type(copied(executable)) is Interpreted


@copies
def test_outputs_are_copied(copied: Callable[[Any], Any]) -> None:
    with torch.no_grad():
        got = whilec.compile_source(TEXT, smooth=0)(torch.ones(2), 3.0)
    again = copied(copied(got))
    assert type(again) is type(got)
    assert again._fields == ("y", "b")
    assert again.b.tolist() == [3.0, 3.0]
    assert pickle.loads(pickle.dumps(type(got))) is type(got)
    with pytest.raises(AttributeError):
        pickle.loads(pickle.dumps(type(got)).replace(b"Outputs(", b"Outlets("))


def test_outputs_are_a_tree_of_tensors() -> None:
    got = outputs_type(("y", "b"))(torch.ones(1), torch.ones(2))
    leaves, spec = _pytree.tree_flatten(got)
    assert len(leaves) == 2
    doubled = _pytree.tree_map(lambda leaf: 2 * leaf, got)
    assert type(doubled) is type(got)
    assert _pytree.treespec_loads(_pytree.treespec_dumps(spec)) == spec


def test_modules_among_others() -> None:
    relu = "PROGRAM relu(a: real[n]) -> b: real[n]\nFOR i FROM 0 TO n - 1 DO b[i] := max(a[i], 0) END\n"
    linear = nn.Linear(3, 4)
    network = nn.Sequential(linear, whilec.compile_source(relu, smooth="inf", steepness=20.0))
    got = network(torch.rand(5, 3))
    assert got.shape == (5, 4)
    got.sum().backward()
    assert linear.weight.grad is not None
    assert linear.weight.grad.abs().sum() > 0
    assert "relu(a) -> b" in repr(network)
    assert network.double()(torch.rand(5, 3, dtype=torch.float64)).dtype is torch.float64
    assert nn.DataParallel(network)(torch.rand(5, 3, dtype=torch.float64)).shape == (5, 4)


def test_a_replica_reads_its_own_parameters() -> None:
    module = whilec.compile_source(TEXT, smooth=0)
    replica = module._replicate_for_data_parallel()  # type: ignore[operator]
    replica._parameters = {}
    replica.w = torch.tensor(10.0)
    assert replica([1.0], 2.0).y.item() == 20.0
    assert module([1.0], 2.0).y.item() == 4.0


def test_what_a_module_says_about_itself() -> None:
    module = whilec.compile_source(TEXT, smooth=2, compare_steepness=3.0, name="p.while")
    assert repr(module) == (
        "WhileModule(p(a, x) -> y, b, smooth=2, steepness=1, compare_steepness=3, "
        "graph=recurrent, backend=auto)"
    )
    assert module.source == SourceFile("p.while", TEXT)
    assert module.graph == "recurrent"
    assert str(module.smoothness) == "C_INF"
    loop = whilec.compile_source("WHILE x1 != 0 DO x1 := x1 - 1 x0 := x0 + 1 END", smooth=3)
    assert str(loop.smoothness) == "C3"
    unread = whilec.compile_source("PROGRAM p(x) -> y: real\ny := 1")
    assert [d.code.name for d in unread.warnings] == ["W0201"]
