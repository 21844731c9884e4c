"""Examples of codes: decorated functions as files of Python."""

from __future__ import annotations

from whilec.diagnostics.model import Example


def decorated(body: str, head: str = "def f(x):", *, before: str = "") -> Example:
    """A decorated function as a file; `before` stands above it."""
    lines = [f"    {line}\n" if line else "\n" for line in body.split("\n")]
    return python_example(f"import whilec\n{before}\n\n@whilec.smooth\n{head}\n{''.join(lines)}")


def python_example(text: str) -> Example:
    """A file of Python that is run by Python itself."""
    return Example(text, command="", language="python")
