"""Who may import whom, and what may not be loaded at the start."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.repository import ROOT, modules, path_of

HEAVY = ("torch", "numpy", "matplotlib", "numba", "llvmlite", "triton", "sympy", "networkx")
"""What `whilec check` and `whilec run` of one number must not wait for."""

LIGHT = (
    "whilec.source",
    "whilec.diagnostics",
    "whilec.syntax",
    "whilec.semantics",
    "whilec.ir",
    "whilec.passes",
    "whilec.driver",
    "whilec.catalogue",
    "whilec.cli",
)
"""Packages and modules that load fast, with everything inside them."""

MARK = "Imports torch."
"""What the docstring of a module says that is loaded only where tensors are met."""


def is_light(module: str) -> bool:
    is_inside = any(module == name or module.startswith(f"{name}.") for name in LIGHT)
    return is_inside and MARK not in path_of(module).read_text(encoding="utf-8").partition('"""\n')[0]


def loaded_after(imports: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    """Which of `names` a fresh Python has loaded after it imported `imports`."""
    code = (
        "import importlib, sys\n"
        f"for name in {imports!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {names!r} if name in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_the_front_end_loads_no_heavy_module() -> None:
    light = tuple(name for name in modules("whilec") if is_light(name))
    assert "whilec.cli" in light
    assert loaded_after(("whilec", "algonet_runtime", *light), HEAVY) == []


def test_loaded_after_notices_a_heavy_module() -> None:
    assert loaded_after(("numpy",), HEAVY) == ["numpy"]


def test_the_runtime_loads_without_the_compiler() -> None:
    assert loaded_after(modules("algonet_runtime"), ("whilec",)) == []


def test_import_contracts_hold() -> None:
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", lint, "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_contract_of_the_torch_library_names_all_others() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    library = "whilec.backends.torch_library"
    contracts = settings["tool"]["importlinter"]["contracts"]
    (contract,) = [each for each in contracts if each.get("source_modules") == [library]]
    parts = {name for name in modules("whilec") if name.count(".") == 1}
    backends = {".".join(name.split(".")[:3]) for name in modules("whilec") if ".backends." in name}
    others = (parts | backends) - {"whilec.__main__", "whilec.backends", library}
    assert set(contract["forbidden_modules"]) == others | {"algonet_runtime"}


@pytest.mark.parametrize("package", ["whilec", "algonet_runtime"])
def test_every_directory_with_modules_is_a_package(package: str) -> None:
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    missing = [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()]
    assert missing == []
