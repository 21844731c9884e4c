"""A program's specialisations and executables, cached by the sizes of its inputs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, final

from whilec.backends.base import (
    AbstractBackend,
    AbstractExecutable,
    FailedRunError,
    No,
    Request,
    TooLongError,
    Unavailable,
)
from whilec.backends.registry import BACKENDS, backend
from whilec.diagnostics.model import Code, Diagnostic, Example, WhileError
from whilec.driver.failures import failed_run
from whilec.driver.long_graphs import too_long
from whilec.driver.pipeline import broken_promises, in_source
from whilec.driver.recipe import AUTO, INTERPRETER, Recipe, source_loops
from whilec.semantics.check import specialise
from whilec.semantics.program import CheckedProgram

if TYPE_CHECKING:
    import torch

E0511 = Code(
    "E0511",
    "a backend that cannot run the program",
    """
Every backend says for itself which programs, devices and number types it takes, and what has to be
installed. This one refused, for the reason given, and nothing else is tried in its place: a program never
runs on another backend than the one that was asked for. `backend="auto"` takes the first one that can;
`module.explain()` lists all of them with their reasons.
""",
    Example("WHILE x1 != 0 DO\n  x1 := x1 - 1\nEND\n", ""),
)

MAX_SPECIALISATIONS = 64
"""Bindings of shape variables that a module remembers."""

Sizes: TypeAlias = tuple[int, ...]
"""Values of the shape variables, in their order."""

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


@final
class BoundedCache(Generic[Key, Made]):
    """Makes what is asked for once, and forgets what was asked for longest ago."""

    def __init__(self, make: Callable[[Key], Made], size: int) -> None:
        self._make = make
        self._size = size
        self._found: OrderedDict[Key, Made] = OrderedDict()
        self._lock = RLock()

    def get(self, key: Key) -> Made:
        """The value of a key. Threads that ask for a known one do not wait for others."""
        found = self._found.get(key)
        if found is None:
            return self._made(key)
        if self._lock.acquire(blocking=False):
            try:
                if key in self._found:
                    self._found.move_to_end(key)
            finally:
                self._lock.release()
        return found

    def known(self, key: Key) -> Made:
        """The value of a key that was asked for just now; without locks, so that it can be traced."""
        return self._found[key]

    def keys(self) -> tuple[Key, ...]:
        """What is remembered, the latest last."""
        with self._lock:
            return tuple(self._found)

    def _made(self, key: Key) -> Made:
        with self._lock:
            found = self._found.get(key)
            if found is None:
                found = self._found[key] = self._make(key)
                while len(self._found) > self._size:
                    self._found.popitem(last=False)
            return found


@final
@dataclass(frozen=True)
class Verdict:
    """What became of one backend: `reason` says why it does not run, None that it could."""

    name: str
    reason: str | None


@final
class Specialised:
    """A program for given sizes."""

    def __init__(self, recipe: Recipe, checked: CheckedProgram) -> None:
        self.recipe = recipe
        self.checked = checked

    @cached_property
    def lowered(self) -> Any:
        """The IR program."""
        from whilec.lower import lower

        return lower(self.checked, self.recipe.options)

    @property
    def backends(self) -> tuple[str, ...]:
        """Those that have the wanted graph, in the order of preference."""
        registered = tuple(BACKENDS[self.recipe.graph])
        return (*registered, INTERPRETER) if self.recipe.graph == "recurrent" else registered

    def refusal(self, name: str, device: torch.device, dtype: torch.dtype) -> str | None:
        """Why a backend does not run the program; None where it can."""
        if name == INTERPRETER:
            return None
        if self.recipe.options.is_hard:
            return "hard mode runs on the interpreter, on exact integers"
        candidate = backend(self.recipe.graph, name)
        probe = candidate.probe()
        if isinstance(probe, Unavailable):
            return probe.reason
        answer = candidate.accepts(self.lowered, device, dtype)
        return answer.reason if isinstance(answer, No) else None

    def compiled(self, name: str, device: torch.device, dtype: torch.dtype) -> AbstractExecutable:
        """The executable of a backend that can run the program."""
        trips = self.recipe.trips_per_loop(len(source_loops(self.checked)))
        request = Request(device, dtype, trips)
        if name == INTERPRETER:
            from whilec.driver.interpreted import Interpretation, Interpreter

            return Interpreter().compile(Interpretation(self.recipe, self.checked), request)
        chosen: AbstractBackend[Any] = backend(self.recipe.graph, name)
        return chosen.compile(self.lowered, request)


@final
class Programs:
    """One recipe with all that was compiled from it; copies of a module share it."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.checked = recipe.check()
        self.loops = source_loops(self.checked)
        self._specialised = BoundedCache[Sizes, Specialised](self._specialise, MAX_SPECIALISATIONS)
        self._executables = BoundedCache["tuple[Sizes, torch.device, torch.dtype]", AbstractExecutable](
            self._compile, 2 * MAX_SPECIALISATIONS
        )

    def executable(self, sizes: Sizes, device: torch.device, dtype: torch.dtype) -> AbstractExecutable:
        """What runs calls of this kind.

        Raises:
            WhileError: The program does not fit the sizes, or no backend can run it.
        """
        return self._executables.get((sizes, device, dtype))

    def known_executable(self, sizes: Sizes, device: torch.device, dtype: torch.dtype) -> AbstractExecutable:
        """The same after `executable` was called."""
        return self._executables.known((sizes, device, dtype))

    def specialised(self, sizes: Sizes) -> Specialised:
        """The program for given sizes.

        Raises:
            WhileError: It does not fit them.
        """
        return self._specialised.get(sizes)

    def chosen(self, sizes: Sizes, device: torch.device, dtype: torch.dtype) -> str | None:
        """The backend that runs calls of this kind; None where none does."""
        program, wanted = self._specialised.get(sizes), self.recipe.backend
        names = program.backends if wanted == AUTO else (wanted,)
        return next((name for name in names if program.refusal(name, device, dtype) is None), None)

    def used(self) -> tuple[tuple[Sizes, torch.device, torch.dtype], ...]:
        """The kinds of calls so far, as far as they are remembered."""
        return self._executables.keys()

    def verdicts(self, sizes: Sizes, device: torch.device, dtype: torch.dtype) -> tuple[Verdict, ...]:
        """What every backend says about calls of this kind, in the order of preference."""
        program = self._specialised.get(sizes)
        return tuple(Verdict(name, program.refusal(name, device, dtype)) for name in program.backends)

    def _specialise(self, sizes: Sizes) -> Specialised:
        try:
            checked = self.checked
            if checked.bindings is None:
                checked = specialise(checked, dict(zip(checked.shape_variables, sizes, strict=True)))
                problems = broken_promises(checked, self.recipe.options)
                if problems:
                    raise WhileError(*problems)
        except WhileError as error:
            raise WhileError(*in_source(self.recipe.source, error.diagnostics)) from None
        return Specialised(self.recipe, checked)

    def _compile(self, key: tuple[Sizes, torch.device, torch.dtype]) -> AbstractExecutable:
        sizes, device, dtype = key
        program = self._specialised.get(sizes)
        refusals: dict[str, str] = {}
        try:
            for name in program.backends if self.recipe.backend == AUTO else (self.recipe.backend,):
                reason = program.refusal(name, device, dtype)
                if reason is None:
                    return program.compiled(name, device, dtype)
                refusals[name] = reason
        except WhileError as error:
            raise WhileError(*in_source(self.recipe.source, error.diagnostics)) from None
        except FailedRunError as error:
            raise failed_run(error, self.recipe.source) from None
        except TooLongError as error:
            raise too_long(error.most, error.counts, self.recipe.source) from None
        raise WhileError(_none_runs(self.recipe, refusals))

    def __reduce__(self) -> tuple[type[Programs], tuple[Recipe]]:
        return Programs, (self.recipe,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Programs:
        return self


def _none_runs(recipe: Recipe, refusals: Mapping[str, str]) -> Diagnostic:
    if recipe.backend != AUTO:
        return Diagnostic(
            E0511,
            f"the backend `{recipe.backend}` cannot run this program: {refusals[recipe.backend]}",
            help='use `backend="auto"`, which takes the first one that can',
            source=recipe.source,
        )
    graph = "an unrolled graph" if recipe.graph == "unrolled" else "a recurrent graph"
    return Diagnostic(
        E0511,
        f"no backend can run this program as {graph}",
        help='use `graph="recurrent"`' if recipe.graph == "unrolled" else None,
        notes=tuple(f"`{name}`: {reason}" for name, reason in refusals.items()),
        source=recipe.source,
    )
