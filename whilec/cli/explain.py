"""`whilec explain`: codes, words of the language, functions and programs."""

from __future__ import annotations

import re
from pathlib import Path

import click

_CODE = re.compile(r"[EW]\d{4}", re.IGNORECASE)


@click.command()
@click.argument("topic")
@click.option("--backends", is_flag=True, help="Of a program: which backends run it, and why others do not.")
def explain(topic: str, backends: bool) -> int:
    """Explain TOPIC: a code, a keyword, a function or a program.

    \b
    whilec explain E0203
    whilec explain LOOP
    whilec explain clamp
    whilec explain multiply.while
    whilec explain multiply.while --backends
    """
    if backends:
        click.echo(_backends(topic))
        return 0
    for find in (_code, _program, _function, _intrinsic, _word):
        text = find(topic)
        if text is not None:
            click.echo(text)
            return 0
    raise click.UsageError(_unknown(topic))


def _code(topic: str) -> str | None:
    if _CODE.fullmatch(topic) is None:
        return None
    from whilec.catalogue import all_codes, code_to_text

    code = all_codes().get(topic.upper())
    return None if code is None else code_to_text(code)


def _program(topic: str) -> str | None:
    if topic != "-" and not topic.endswith(".while") and not Path(topic).is_file():
        return None
    from whilec.cli.output import show_diagnostics
    from whilec.diagnostics.model import WhileError
    from whilec.driver.describe import describe
    from whilec.driver.files import load
    from whilec.driver.pipeline import check_file

    checked = check_file(load(topic))
    if checked.program is None:
        raise WhileError(*checked.diagnostics)
    show_diagnostics(checked.diagnostics)
    return f"{describe(checked.program)}\n{_hint(topic)}"


def _hint(topic: str) -> str:
    """Where more is said; to ask the backends takes a second or two, because it loads torch."""
    from whilec.backends.registry import BACKENDS
    from whilec.driver.recipe import INTERPRETER

    names = dict.fromkeys([INTERPRETER, *(name for table in BACKENDS.values() for name in table)])
    return f"backends: {', '.join(names)}\n  `whilec explain {topic} --backends` says which of them run it"


def _backends(topic: str) -> str:
    from whilec.driver.backend_listing import backend_listing
    from whilec.driver.files import load

    return backend_listing(load(topic))


def _function(topic: str) -> str | None:
    from whilec.semantics.builtins import BUILTINS, KindRule

    rule = BUILTINS.get(topic)
    if rule is None:
        return None
    lines = [f"{topic}{rule.usage}", rule.doc]
    if rule.kind is KindRule.STATIC and topic != "len":
        lines.append("Takes static integers only: literals, shape variables, FOR variables, CONST.")
    if rule.is_relaxed:
        lines.append(
            "Relaxed with the mode: crisp in hard mode, else smooth like a comparison, with\n"
            "`--compare-steepness` or its own `steepness = e`."
        )
    return "\n".join(lines)


def _intrinsic(topic: str) -> str | None:
    from inspect import cleandoc

    from algonet_runtime import table
    from algonet_runtime.intrinsic import find
    from whilec.cli.signatures import call_text

    signature = table().get(topic)
    if signature is None:
        return None
    operation = find(topic)
    lines = [call_text(signature), "", cleandoc(operation.__doc__ or ""), ""]
    lines.append(f"Smoothness: {signature.smoothness}. Source: {operation.source}.")
    lines.append(
        "In a program, arrays have no batch: arguments about layout (`dim`, `mask`, ..) are those of Python."
    )
    return "\n".join(lines)


def _word(topic: str) -> str | None:
    from whilec.cli.words import WORDS

    word = WORDS.get(topic.upper())
    return None if word is None else f"{word.form}\n\n{word.text}"


def _unknown(topic: str) -> str:
    from algonet_runtime import table
    from whilec.catalogue import all_codes
    from whilec.cli.words import WORDS
    from whilec.diagnostics.suggest import nearest
    from whilec.semantics.builtins import BUILTINS

    near = nearest(topic, [*all_codes(), *BUILTINS, *table(), *WORDS])
    hint = f"Did you mean '{near}'?" if near is not None else "Name a code, a keyword, a function or a file."
    return f"There is nothing to explain about '{topic}'. {hint}"
