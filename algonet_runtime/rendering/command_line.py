"""What the commands of the renderer share: reading meshes, checking outputs, progress and errors."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click

from algonet_runtime.errors import ArgumentError

if TYPE_CHECKING:
    from algonet_runtime.rendering.mesh import Mesh

SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

UPWARD: Final = click.Choice(["y", "z"])


@contextmanager
def reported() -> Generator[None]:
    """What is wrong with files and arguments ends the command with a message and exit code 1.

    Raises:
        click.ClickException: Something was wrong.
    """
    try:
        yield
    except (ArgumentError, ImportError) as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def progress(label: str, total: int) -> Generator[Callable[[], None]]:
    """A function to call after every part of the work; on a terminal, a bar on standard error.

    Raises:
        ImportError: There is a terminal, but rich is not installed.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    try:
        console, bars = (
            cast("Any", importlib.import_module(f"rich.{name}")) for name in ("console", "progress")
        )
    except ImportError:
        message = "progress is shown with rich, which is not installed: pip install 'whilec[rendering]'"
        raise ImportError(message) from None
    with bars.Progress(console=console.Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=total)
        yield lambda: shown.advance(task)


def read_mesh(path: str, upward: str) -> Mesh:
    """The mesh of a file in the unit cube, turned so that the axis `upward` is y.

    Raises:
        MeshFileError: The file is not there, or damaged.
        ImportError: A package that reads it is not installed.
    """
    import torch

    from algonet_runtime.rendering.mesh_files import load_mesh

    mesh = load_mesh(path, normalise=True)
    if upward == "y":
        return mesh
    x, y, z = mesh.vertices.unbind(-1)
    return mesh.with_vertices(torch.stack((x, z, -y), -1))


def check_output(option: str, path: str, suffixes: tuple[str, ...]) -> Path:
    """The path of a file that can be written, as far as one sees before it is.

    Raises:
        click.UsageError: Its ending is another one, its folder is not there, or it is a folder.
    """
    file = Path(path)
    if file.is_dir():
        raise click.UsageError(f"{option}: `{path}` is a folder; name a file in it")
    if file.suffix.lower() not in suffixes:
        raise click.UsageError(f"{option}: `{path}` must end in {' or '.join(suffixes)}")
    if not file.parent.is_dir():
        raise click.UsageError(f"{option}: the folder `{file.parent}` does not exist; make it first")
    return file
