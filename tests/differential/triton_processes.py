"""Checks of Triton kernels in processes of their own: Triton is either interpreted or not in a process."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.repository import ROOT

needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed")


def run_checks(module: str, folder: Path, *names: str, **environment: str) -> str:
    """What a module of this folder prints for the names of its checks."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.differential.{module}", *names],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=ROOT,
        env=os.environ | {"TRITON_CACHE_DIR": str(folder)} | environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
