"""A program as one Python file that needs torch and nothing of this project. Imports torch."""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from whilec.backends.torch_library import calling
from whilec.backends.torch_library.run import Run
from whilec.backends.torch_library.tables import dense, table
from whilec.backends.torch_text.emit import emit
from whilec.backends.torch_text.excerpt import Defined, Excerpt, Imported, Module, Target, Unit, import_lines
from whilec.backends.torch_text.layout import annotated, number_list, wrapped
from whilec.backends.torch_text.namespace import eager_names, relaxation_of, traceable_names
from whilec.ir.node import Program, Stage
from whilec.ir.types import Type
from whilec.source import SourceFile

PROGRAM = "program"
"""The unit of the emitted functions, and the name of the last one."""

_PUBLIC = "interface"
"""The unit of what the reader of the file calls."""

_ELSEWHERE = "Λ"
"""In the text of that unit, what is defined elsewhere. No name of a program has this letter."""


@final
@dataclass(frozen=True)
class Standalone:
    """A program, and how it is called in the file.

    Args:
        program: Of stage BOUNDED or FLAT.
        source: Its text.
        name: Of the function that the reader calls.
        inputs: Names of the inputs that the function takes; others are 0.
        is_optional: Whether inputs may be left out.
        steepness: Of `=` and `!=`.
        compare_steepness: Of `< <= > >=`, LOOP and relaxed functions; None: as `steepness`.
        parameters: Values of PARAMs, as nested lists.
        target_weights: Weights and biases of assignment targets; None if there are none.
        dtype: Of the computation, `float32` or `float64`; None for that of the inputs.
        stored: That of parameters.
    """

    program: Program
    source: SourceFile
    name: str
    inputs: tuple[str, ...]
    is_optional: bool
    steepness: float
    compare_steepness: float | None
    parameters: Mapping[str, Any]
    target_weights: tuple[list[float], list[float]] | None
    dtype: str | None
    stored: str


@final
@dataclass(frozen=True)
class File:
    """The text of a file, and the names in it.

    Args:
        text: Python.
        function: The function.
        module: The class, where there is something to train; else None.
        arguments: The name of the argument for each input and PARAM.
    """

    text: str
    function: str
    module: str | None
    arguments: Mapping[str, str]


def standalone(made: Standalone, about: Sequence[str]) -> File:
    """The file; `about` are lines about where it comes from."""
    names = eager_names() if made.program.stage is Stage.BOUNDED else traceable_names()
    body = _program_unit(made, names)
    interface = _Interface(made)
    public = Unit(_PUBLIC, interface.text, {_ELSEWHERE: Module(_ELSEWHERE)})
    excerpt = Excerpt({PROGRAM: body, _PUBLIC: public, _ELSEWHERE: _elsewhere()})
    own = [Defined(_PUBLIC, name) for name in public.definitions]
    for target in own:
        excerpt.add(target)
    emitted = [target for target in excerpt.wanted if isinstance(target, Defined) and target.unit == PROGRAM]
    known = [Defined(value.__module__, value.__qualname__) for value in names.values()]
    first = [*own, *emitted, *(target for target in known if target in excerpt.wanted)]
    final_names = excerpt.names(first, dir(builtins))
    head = ['"""' + interface.summary, "", *map(_harmless, [*about, *interface.usage]), '"""', ""]
    return File(
        "\n".join([*head, *_lines(made, excerpt, final_names)]) + "\n",
        interface.function,
        interface.module,
        interface.arguments,
    )


def _program_unit(made: Standalone, names: Mapping[str, Any]) -> Unit:
    known: dict[str, Target] = {
        name: Defined(value.__module__, value.__qualname__) for name, value in names.items()
    }
    lines = [f"relaxation = {relaxation_of(made.program.family)!r}", "", ""]
    lines += annotated(emit(made.program, names), made.source)
    return Unit(PROGRAM, "\n".join(wrapped(lines)), known)


def _elsewhere() -> Unit:
    """What the interface may use."""
    known: dict[str, Target] = {name: Imported("torch", name) for name in ("nn",)}
    known |= {name: Imported("typing", name) for name in ("Any", "NamedTuple")}
    known |= {"torch": Imported("torch"), PROGRAM: Defined(PROGRAM, PROGRAM)}
    known |= {value.__name__: Defined(value.__module__, value.__name__) for value in (Run, table, dense)}
    for name, member in vars(calling).items():
        if inspect.isroutine(member) and member.__module__ == calling.__name__:
            known[name] = Defined(calling.__name__, name)
    return Unit(_ELSEWHERE, "", known)


def _lines(made: Standalone, excerpt: Excerpt, names: Mapping[Target, str]) -> list[str]:
    """The lines of the file."""
    parts: dict[str, list[Defined]] = {}
    for target in excerpt.ordered():
        parts.setdefault(target.unit, []).append(target)
    lines = [
        "# The program:",
        "#",
        *(_comment(line) for line in made.source.text.strip("\n").splitlines()),
        "",
    ]
    lines += ["from __future__ import annotations", "", *import_lines(names)]
    gap = [""]
    library = [unit for unit in parts if unit not in (PROGRAM, _PUBLIC)]
    for unit in (*library, PROGRAM, _PUBLIC):
        title = _TITLES.get(unit) or _first_line(unit)
        lines += [*gap, f"# ---- {title}"]
        gap = ["", ""]
        was_value = False
        for target in parts[unit]:
            text = excerpt.text(target, names)
            is_value = not text.startswith(("def ", "class ", "@"))
            lines += [""] if is_value and was_value else ["", ""]
            lines += text.splitlines()
            was_value = is_value
    return _with_single_gaps(lines)


_TITLES = {PROGRAM: "the program", _PUBLIC: "how to call it"}


def _first_line(unit: str) -> str:
    """What a module of the library says of itself."""
    from importlib import import_module

    line = (import_module(unit).__doc__ or unit).strip().splitlines()[0].rstrip(".")
    return line[0].lower() + line[1:]


def _harmless(line: str) -> str:
    """A line that may stand in a docstring."""
    return line.replace("\\", "/").replace('"', "'")


def _with_single_gaps(lines: Iterable[str]) -> list[str]:
    """At most two empty lines after each other."""
    found: list[str] = []
    for line in lines:
        if line or found[-2:] != ["", ""]:
            found.append(line.rstrip())
    return found


def _comment(line: str) -> str:
    return f"# {line}".rstrip()


@final
class _Interface:
    """The text that the reader of the file calls: a function, and a class where something is trained."""

    def __init__(self, made: Standalone) -> None:
        self._made = made
        program = made.program
        self.function = python_name(made.name, dir(builtins))
        arguments = [*made.inputs, *program.parameters]
        taken = {"self", "inputs", self.function}  # `inputs` is assigned before PARAMs are read
        self.arguments: dict[str, str] = {}
        for name in arguments:
            free = [other for other in arguments if other != name]
            self.arguments[name] = python_name(name, {*taken, *free, *self.arguments.values()})
        self._weights = [self._free(name) for name in ("target_weights", "target_biases")]
        if made.target_weights is None:
            self._weights = []
        self._trained = [self.arguments[name] for name in program.parameters] + self._weights
        self._types = dict(zip((*program.parameters, *program.inputs), program.body.parameters, strict=True))
        camel = "".join(word[:1].upper() + word[1:] for word in self.function.split("_")) or "Program"
        self.module = (camel if camel != self.function else f"{camel}Module") if self._trained else None
        self.outputs = python_name("Outputs", {self.function, self.module, *self.arguments.values()})
        self._constants = self._constant_names()
        self._title = _harmless(made.name)
        self.summary = f"{self._title}: a program of the smooth WHILE language, on torch."
        self.usage = self._usage()
        parts = [self._values(), self._tuple(), self._function(), self._class()]
        self.text = "\n\n\n".join(part for part in parts if part)

    def _free(self, name: str) -> str:
        return python_name(name, self.arguments.values())

    def _constant_names(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in self._trained:
            others = {*found.values(), self.function, self.module or "", self.outputs}
            found[name] = python_name(name.upper(), others)
        return found

    def _usage(self) -> list[str]:
        call = ", ".join(self.arguments[name] for name in self._made.inputs)
        lines = ["", "How to call it, with one element or with a batch:", "", f"    {self.function}({call})"]
        if self.module is not None:
            lines += [f"    {self.module}()({call})  # an nn.Module, for training"]
        return [*lines, "", "The program is below the functions that it uses, and what to call at the end."]

    # parts

    def _values(self) -> str:
        """The values of parameters as constants."""
        made = self._made
        values = [made.parameters[name] for name in made.program.parameters]
        values += made.target_weights or ()
        lines: list[str] = []
        for name, value in zip(self._trained, values, strict=True):
            lines += number_list(f"{self._constants[name]} = ", value)
        return "\n".join(lines)

    def _tuple(self) -> str:
        outputs = self._made.program.outputs
        if len(outputs) == 1:
            return ""
        fields = [f"    {name}: {_ELSEWHERE}.torch.Tensor" for name in _fields(outputs)]
        head = f"class {self.outputs}({_ELSEWHERE}.NamedTuple):"
        return "\n".join([head, f'    """The outputs of {self._title}."""', "", *fields])

    def _function(self) -> str:
        made = self._made
        program = made.program
        compare = "None" if made.compare_steepness is None else repr(made.compare_steepness)
        settings = [
            f"{self._free('steepness')}: float = {made.steepness!r}",
            f"{self._free('compare_steepness')}: float | None = {compare}",
        ]
        trained = [f"{name}: {_ELSEWHERE}.Any = {self._constants[name]}" for name in self._trained]
        head = [*self._inputs(), "*", *trained, *settings]
        counts = f"loops={len(program.loops)}"
        weights = ""
        if self._weights:
            made_tensors = [f"{_ELSEWHERE}.torch.as_tensor({name}).to(batch.rows)" for name in self._weights]
            weights = f", target_weights=({', '.join(made_tensors)})"
        run = f"{_ELSEWHERE}.{Run.__name__}"
        steepness, compare = self._free("steepness"), self._free("compare_steepness")
        values, result = "values", "{}"
        if program.stage is Stage.BOUNDED:
            values, result = f"map({_ELSEWHERE}.table, values)", f"{_ELSEWHERE}.dense({{}})"
        lines = [
            f"def {self.function}({', '.join(head)}) -> {self._returned()}:",
            *self._docstring(),
            *self._mapping("inputs", {name: self._argument(name) for name in program.inputs}),
            *self._mapping("parameters", {name: self._argument(name) for name in program.parameters}),
            *self._mapping("shapes", {name: repr(self._shape(name)) for name in self._types}),
            f"    batch, values = {_ELSEWHERE}.batched(inputs, parameters, shapes{self._dtype()})",
            f"    run = {run}({steepness}, {compare}, {counts}{weights})",
            f"    results = {_ELSEWHERE}.{PROGRAM}(run, batch.rows, *{values})",
        ]
        if program.loops and program.stage is Stage.BOUNDED:
            places = tuple(made.source.position(span.start).line for span in program.loops)
            lines.append(f"    {_ELSEWHERE}.warn_about(run.counts, {places!r})")
        if len(program.outputs) == 1:
            lines.append(f"    return batch.result({result.format('results[0]')})")
        else:
            results = f"batch.result({result.format('value')}) for value in results"
            lines.append(f"    return {self.outputs}(*({results}))")
        return "\n".join(wrapped(lines))

    def _class(self) -> str:
        if self.module is None:
            return ""
        made = self._made
        given = [self.arguments[name] for name in made.inputs]
        passed = [*given, *(f"{name}=self.{name}" for name in self._trained)]
        lines = [
            f"class {self.module}({_ELSEWHERE}.nn.Module):",
            f'    """{self._title} with its trainable numbers as parameters."""',
            "",
            "    def __init__(self) -> None:",
            "        super().__init__()",
        ]
        for name in self._trained:
            start = (
                f"{_ELSEWHERE}.torch.tensor({self._constants[name]}, dtype={_ELSEWHERE}.torch.{made.stored})"
            )
            lines.append(f"        self.{name} = {_ELSEWHERE}.nn.Parameter({start})")
        lines += [
            "",
            f"    def forward({', '.join(['self', *self._inputs()])}) -> {self._returned()}:",
            f'        """As the function `{self.function}`."""',
            f"        return {self.function}({', '.join(passed)})",
        ]
        return "\n".join(wrapped(lines))

    # pieces

    def _inputs(self) -> list[str]:
        default = " = 0.0" if self._made.is_optional else ""
        return [f"{self.arguments[name]}: {_ELSEWHERE}.Any{default}" for name in self._made.inputs]

    def _argument(self, name: str) -> str:
        return self.arguments.get(name, "0.0")

    def _mapping(self, name: str, items: Mapping[str, str]) -> list[str]:
        text = ", ".join(f'"{key}": {value}' for key, value in items.items())
        return [f"    {name} = {{{text}}}"]

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._types[name].type.shape

    def _dtype(self) -> str:
        return "" if self._made.dtype is None else f", {_ELSEWHERE}.torch.{self._made.dtype}"

    def _returned(self) -> str:
        one = len(self._made.program.outputs) == 1
        return f"{_ELSEWHERE}.torch.Tensor" if one else self.outputs

    def _docstring(self) -> list[str]:
        made = self._made
        program = made.program
        lines = [f'    """The program {self._title} on every element of a batch, differentiable.', ""]
        lines += [
            "    Batch dimensions lead and broadcast. Tensors, arrays, lists and numbers are taken.",
            "",
        ]
        lines += ["    Args:"]
        for name in made.inputs:
            lines.append(f"        {self.arguments[name]}: Input, {_shape_text(self._types[name].type)}.")
        for name in program.parameters:
            lines.append(f"        {self.arguments[name]}: Parameter, {_shape_text(self._types[name].type)}.")
        for name in self._weights:
            what = "Weights" if name == self._weights[0] else "Biases"
            lines.append(f"        {name}: {what} of assignments, in the order of the text.")
        lines += [f"        {self._free('steepness')}: Of `=` and `!=`."]
        compared = "Of `< <= > >=`, LOOP and relaxed built-ins; None: as the other."
        lines += [f"        {self._free('compare_steepness')}: {compared}", "", "    Returns:"]
        results = [f"`{name}`, {_shape_text(value.type)}" for name, value in self._results()]
        if len(results) == 1:
            lines.append(f"        {results[0]}.")
        else:
            lines += [f"        {text}{';' if text != results[-1] else '.'}" for text in results]
        return [*lines, '    """']

    def _results(self) -> Sequence[tuple[str, Any]]:
        program = self._made.program
        return list(zip(program.outputs, program.body.results, strict=False))


def _fields(outputs: Sequence[str]) -> list[str]:
    """Fields of a named tuple, none of which may begin with `_`."""
    found: list[str] = []
    for name in outputs:
        others = [other for other in outputs if other != name]
        found.append(python_name(name.lstrip("_") or "output", [*found, *others]))
    return found


def _shape_text(type_: Type) -> str:
    sizes = "".join(f", {size}" for size in type_.shape)
    return f"of shape (*batch{sizes})"


def python_name(text: str, taken: Iterable[str | None]) -> str:
    """A name of Python that reads like a text, with `_` behind while it is taken."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII).strip("_") if not text.isidentifier() else text
    if not name or name[0].isdigit():
        name = f"program_{name}" if name else PROGRAM
    others = {*taken}
    while name in others or keyword.iskeyword(name):
        name += "_"
    return name
