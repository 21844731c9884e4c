"""Declarations of intrinsics: signatures without torch, arguments, dispatch."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

import algonet_runtime
from algonet_runtime import RangeError, Smoothness, explain_dispatch, soft_sort, table
from algonet_runtime.annotations import Float, tensor_type
from algonet_runtime.dispatch import VARIABLE
from algonet_runtime.intrinsic import MODULES, Intrinsic, find, intrinsic

FIRST = """
import sys, torch
from algonet_runtime import soft_rank, soft_sort
how = sys.argv[1]
x = torch.randn(3, 6, dtype=torch.float64)
mask = torch.rand(3, 6) > 0.3

def f(x):
    return (soft_sort(x, network="bitonic") * soft_rank(x)).sum() + soft_sort(x, mask=mask).sum()

if how == "inference":
    with torch.inference_mode():
        f(x)
elif how == "vmap":
    torch.vmap(lambda x: soft_sort(x, network="bitonic") * soft_rank(x))(x)
elif how == "grad":
    torch.func.hessian(f)(x)
elif how == "fake":
    from torch._subclasses import FakeTensorMode
    with FakeTensorMode():
        (soft_sort(torch.randn(3, 6), network="bitonic") * soft_rank(torch.randn(3, 6))).sum()
elif how == "compile":
    torch.compile(f, fullgraph=True, backend="aot_eager")(x)
y = x.clone().requires_grad_()
f(y).backward()
torch.func.hessian(f)(x)
print(bool(y.grad.isfinite().all()))
"""


@pytest.mark.parametrize(
    "how",
    [
        "grad",
        *(pytest.param(how, marks=pytest.mark.slow) for how in ("inference", "vmap", "fake", "compile")),
    ],
)
def test_whoever_calls_first_does_not_matter(how: str) -> None:
    """Index tensors are kept; they must not belong to a mode or transform of the first call."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST, how], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout == "True\n", done.stderr


def test_signatures_load_without_torch() -> None:
    text = "import sys; from algonet_runtime import table; print(len(dict(table())), 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == [str(len(MODULES)), "False"]


@pytest.mark.parametrize("name", MODULES)
def test_declarations_are_complete(name: str) -> None:
    operation = find(name)
    signature = table()[name]
    assert operation.name == signature.name == name
    assert operation is getattr(algonet_runtime, name)
    assert name in algonet_runtime.__all__
    assert signature.results
    assert signature.parameters[0].kind == "tensor"
    assert signature.doc.endswith(".")
    assert len(signature.doc) <= 110
    doc = operation.__doc__ or ""
    for section in ("Args:", "Returns:", "Raises:", "Gradient:", ">>> "):
        assert section in doc
    for parameter in operation.python_signature.parameters:
        assert f"        {parameter}: " in doc
    assert operation.source.startswith("AlgoNet, section 4.")
    assert pickle.loads(pickle.dumps(operation)) is operation
    assert repr(operation).startswith(f"<intrinsic {name}(")


def test_the_table_has_names_without_loading() -> None:
    assert set(table()) == set(MODULES)
    assert "soft_sort" in table()
    assert "sort" not in table()
    assert table().get("sort") is None


@intrinsic(smoothness=Smoothness.C_INF, source="a test")
def doubled(
    x: Float[Tensor, "*batch n"], y: Float[Tensor, "*batch n"], *, factor: float = 2.0
) -> Float[Tensor, "*batch n"]:
    """Twice the sum."""
    return factor * (x + y)


@doubled.kernel(
    provider="numba",
    device="cpu",
    rejects=lambda values: None if values["factor"] == 2 else "factor is not 2",
)
def _doubled_fast(x: Tensor, y: Tensor, *, factor: float) -> Tensor:
    return x + x + y + y + 0 * factor


def test_arguments_by_place_and_name() -> None:
    x, y = torch.ones(2, 3), torch.ones(3)
    for found in (doubled(x, y), doubled(x, y=y), doubled(y=y, x=x), doubled(x, y, factor=2.0)):
        assert torch.equal(found, torch.full((2, 3), 4.0))
    loose: Any = doubled
    for call in (
        lambda: loose(x),
        lambda: loose(x, y, 2.0),
        lambda: loose(x, x=x, y=y),
        lambda: loose(x, y, z=1),
        loose,
    ):
        with pytest.raises(TypeError):
            call()


def test_dispatch_with_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.ones(3)
    assert isinstance(doubled, Intrinsic)
    assert explain_dispatch(doubled, x, x) == (("numba on cpu", None),)
    wanted = (("numba on cpu", "factor is not 2"), ("reference", None))
    assert explain_dispatch(doubled, x, x, factor=3.0) == wanted
    assert torch.equal(doubled(x, x, factor=3.0), torch.full((3,), 6.0))
    monkeypatch.setenv(VARIABLE, "reference")
    assert explain_dispatch(doubled, x, x)[0] == ("numba on cpu", "ALGONET_KERNELS=reference")
    monkeypatch.setenv(VARIABLE, "fast")
    with pytest.raises(RangeError, match="ALGONET_KERNELS is 'fast'; choose auto or reference"):
        soft_sort(x) if soft_sort.kernels else doubled(x, x)


def test_annotations() -> None:
    found = tensor_type('Float[Tensor, "*batch n m"] | None')
    assert found is not None
    assert (found.kind, found.dims, found.is_batched, found.is_optional) == ("float", ("n", "m"), True, True)
    assert tensor_type("float | Tensor") is None
