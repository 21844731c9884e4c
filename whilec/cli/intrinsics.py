"""`whilec intrinsics`: the operations of the runtime that programs can call."""

from __future__ import annotations

import click

from whilec.cli.signatures import call_text


@click.command("intrinsics")
def intrinsics() -> int:
    """List the operations of `algonet_runtime` that programs can call.

    Each with its arguments and its first line of documentation; `whilec explain NAME` shows all of it.
    """
    from algonet_runtime import table

    for signature in table().values():
        click.echo(f"{call_text(signature)}\n    {signature.doc}")
    return 0
