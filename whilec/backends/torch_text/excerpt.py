"""Definitions copied out of several modules into one file, with all that they use.

What a definition uses is found in its syntax tree: names of its own module, names that the module
imports from others of this project (which are copied too), and names imported from elsewhere. Two
definitions of one name get different names in the file: a call `numbers.multiply(a, b)` becomes
`numbers_multiply(a, b)` where `multiply` is taken.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import NamedTuple, TypeAlias, final

from whilec.backends.torch_text.scopes import Use, uses
from whilec.diagnostics.model import InternalError

PROJECT = "whilec."
"""Modules whose definitions are copied; others are imported."""


class Defined(NamedTuple):
    """A definition of a module, or of a text that has no file."""

    unit: str
    name: str


class Imported(NamedTuple):
    """What a file imports: a name of a module, or the module itself where the name is empty."""

    module: str
    name: str = ""


class Module(NamedTuple):
    """A module of the project under a name: only its attributes are used."""

    unit: str


Target: TypeAlias = Defined | Imported | Module


@final
@dataclass(frozen=True)
class Definition:
    """A top-level definition.

    Args:
        start: Where its text begins in that of the unit, in bytes.
        end: Where it ends.
        uses: The names in it that are not local.
    """

    start: int
    end: int
    uses: tuple[Use, ...]


@final
class Unit:
    """A module, or a text like one.

    Args:
        name: That of the module.
        text: Its source.
        known: What names mean that the text neither defines nor imports.
    """

    def __init__(self, name: str, text: str, known: Mapping[str, Target] | None = None) -> None:
        self.name = name
        self.source = text.encode()
        self.definitions: dict[str, Definition] = {}
        self.targets: dict[str, Target] = dict(known or {})
        tree = ast.parse(text)
        starts = _line_starts(self.source)
        for node in ast.walk(tree):
            self.targets.update(_imports(node))
        for at, node in enumerate(tree.body):
            defined = _defined_name(node)
            if defined is None:
                continue
            following = tree.body[at + 1] if at + 1 < len(tree.body) else None
            last = following if _is_docstring(following) and not _has_body(node) else node
            assert last is not None
            decorators: list[ast.expr] = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            start, end = starts[first - 1], starts[(last.end_lineno or 1) - 1] + (last.end_col_offset or 0)
            self.definitions[defined] = Definition(start, end, tuple(uses(node, starts)))
            self.targets[defined] = Defined(name, defined)


@final
@dataclass
class Excerpt:
    """Definitions with all that they use.

    Args:
        texts: Units that have no file.
        units: All units that something is copied from.
        wanted: What is copied or imported; dicts keep the order.
    """

    texts: Mapping[str, Unit]
    units: dict[str, Unit] = field(default_factory=dict[str, Unit])
    wanted: dict[Defined | Imported, None] = field(default_factory=dict["Defined | Imported", None])
    _avoided: dict[Defined | Imported, set[str]] = field(default_factory=dict["Defined | Imported", set[str]])

    def add(self, wanted: Defined | Imported) -> None:
        """Take a definition, and what it uses."""
        pending = [wanted]
        while pending:
            target = pending.pop()
            if target in self.wanted:
                continue
            self.wanted[target] = None
            if isinstance(target, Defined):
                pending += [found for _, found in self._used(target)]

    def names(self, first: Iterable[Defined | Imported], reserved: Iterable[str]) -> Mapping[Target, str]:
        """A name of its own for everything that was taken.

        Args:
            first: What keeps its own name if it can; the rest follows.
            reserved: Names that are not given.
        """
        taken = set(reserved)
        found: dict[Target, str] = {}
        imported = [target for target in self.wanted if isinstance(target, Imported)]
        for target in dict.fromkeys([*first, *imported, *self.wanted]):
            avoided = taken | self._avoided.get(target, set())
            name = next(name for name in _candidates(target) if name not in avoided)
            taken.add(name)
            found[target] = name
        return found

    def text(self, target: Defined, names: Mapping[Target, str]) -> str:
        """The text of a definition under the new names."""
        unit = self._unit(target.unit)
        definition = unit.definitions[target.name]
        changes = [(use.start, use.end, names[found]) for use, found in self._used(target)]
        defined = _name_place(unit.source, definition, target.name)
        changes.append((*defined, names[target]))
        pieces: list[bytes] = []
        at = definition.start
        for start, end, name in sorted(changes):
            pieces += [unit.source[at:start], name.encode()]
            at = end
        pieces.append(unit.source[at : definition.end])
        return b"".join(pieces).decode()

    def ordered(self) -> Iterator[Defined]:
        """The definitions, those of a unit that others use first, each in the order of its unit."""
        for unit in self._units_in_order():
            for name in unit.definitions:
                if Defined(unit.name, name) in self.wanted:
                    yield Defined(unit.name, name)

    def _used(self, target: Defined) -> Iterator[tuple[Use, Defined | Imported]]:
        """The names in a definition that stand for something else, and for what."""
        unit = self._unit(target.unit)
        for use in unit.definitions[target.name].uses:
            found = self._resolved(unit, use.name)
            if isinstance(found, Module):
                if use.attribute is None:
                    raise InternalError(f"{unit.name} uses the module {found.unit} as a value")
                found = self._resolved(self._unit(found.unit), use.attribute)
            elif found is not None:
                use = use.without_attribute()
            if found is None:
                continue
            assert not isinstance(found, Module)
            self._avoided.setdefault(found, set()).update(use.locals)
            yield use, found

    def _resolved(self, unit: Unit, name: str) -> Target | None:
        """What a name means in a unit; None for a name of Python."""
        found = unit.targets.get(name)
        if found is None:
            if hasattr(builtins, name):
                return None
            raise InternalError(f"`{name}` in {unit.name} has no meaning")
        if isinstance(found, Imported) and _is_ours(found.module):
            if not found.name:
                return Module(found.module)
            other = self._unit(found.module)
            if found.name not in other.targets:
                return Module(f"{found.module}.{found.name}")
            return self._resolved(other, found.name)
        return found

    def _unit(self, name: str) -> Unit:
        if name not in self.units:
            known = self.texts.get(name)
            self.units[name] = known or Unit(name, inspect.getsource(import_module(name)))
        return self.units[name]

    def _units_in_order(self) -> list[Unit]:
        found: dict[str, Unit] = {}

        def visit(name: str) -> None:
            if name in found or name in visiting:
                return
            visiting.add(name)
            for target in list(self.wanted):
                if isinstance(target, Defined) and target.unit == name:
                    for _, used in self._used(target):
                        if isinstance(used, Defined):
                            visit(used.unit)
            found[name] = self._unit(name)

        visiting: set[str] = set()
        for target in self.wanted:
            if isinstance(target, Defined):
                visit(target.unit)
        return list(found.values())


def import_lines(names: Mapping[Target, str]) -> list[str]:
    """The import statements of a file, in the order of isort: the standard library first."""
    import sys

    groups: tuple[list[str], list[str]] = ([], [])
    modules: dict[str, list[Imported]] = {}
    for target in names:
        if isinstance(target, Imported):
            modules.setdefault(target.module, []).append(target)
    for module in sorted(modules):
        group = groups[module.partition(".")[0] not in sys.stdlib_module_names]
        for target in sorted(modules[module]):
            if not target.name:
                group.append(f"import {module}" + _renamed(module, names[target]))
        members = [t.name + _renamed(t.name, names[t]) for t in sorted(modules[module], key=_isort) if t.name]
        if members:
            group.append(f"from {module} import {', '.join(members)}")
    for group in groups:
        group.sort(key=lambda line: not line.startswith("import"))
    return [*groups[0], *([""] if groups[0] and groups[1] else []), *groups[1]]


def _isort(target: Imported) -> tuple[bool, bool, str]:
    """Constants, then classes, then functions."""
    return not target.name.isupper(), not target.name[:1].isupper(), target.name


def _renamed(name: str, wanted: str) -> str:
    return "" if name == wanted else f" as {wanted}"


def _candidates(target: Target) -> Iterator[str]:
    """Names for a target, from the best on."""
    match target:
        case Defined(unit, name):
            last = unit.rpartition(".")[2]
        case Imported(module, ""):
            last, name = "", module.rpartition(".")[2]
        case Imported(module, name):
            last = module.rpartition(".")[2]
        case Module(unit):
            last, name = "", unit
    yield name
    longer = f"{last}_{name.lstrip('_')}" if last else f"{name}_module"
    yield longer
    number = 2
    while True:
        yield f"{longer}_{number}"
        number += 1


def _is_ours(module: str) -> bool:
    return f"{module}.".startswith(PROJECT)


def _imports(node: ast.AST) -> Iterator[tuple[str, Target]]:
    """What the names mean that an import statement binds."""
    match node:
        case ast.Import(names):
            for alias in names:
                yield alias.asname or alias.name, Imported(alias.name)
        case ast.ImportFrom(module=module, names=names) if module and module != "__future__":
            for alias in names:
                yield alias.asname or alias.name, Imported(module, alias.name)
        case _:
            return


def _defined_name(node: ast.stmt) -> str | None:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return None


def _has_body(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _is_docstring(node: ast.stmt | None) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False


def _name_place(source: bytes, definition: Definition, name: str) -> tuple[int, int]:
    """Where a definition has its own name."""
    text = source[definition.start : definition.end]
    for word in (b"\ndef ", b"\nclass ", b"\n"):
        at = (b"\n" + text).find(word + name.encode())
        if at >= 0:
            start = definition.start + at + len(word) - 1
            return start, start + len(name.encode())
    raise InternalError(f"the definition of `{name}` does not show its name")


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts
