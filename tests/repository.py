"""The repository as tests see it: its root and its tracked files."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that git tracks; outside a checkout, every file that is not hidden."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        names = (ROOT / name for name in listing.stdout.split("\0") if name)
    else:
        names = (path for path in ROOT.rglob("*") if not any(part.startswith(".") for part in path.parts))
    return tuple(path for path in names if path.is_file())


def modules(package: str) -> tuple[str, ...]:
    """The dotted names of a package and everything inside it."""
    names: list[str] = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return tuple(names)


def path_of(module: str) -> Path:
    """The file of one of our modules."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
