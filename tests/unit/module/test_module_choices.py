"""Which backend runs a module, and what was compiled when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch

import whilec
from tests.unit.module.toy_backend import TEXT, Toy
from whilec.backends import registry
from whilec.backends.base import Available, Unavailable
from whilec.driver.specialising import MAX_SPECIALISATIONS, BoundedCache, Programs

COUNTDOWN = "WHILE x1 != 0 DO\n  x1 := x1 - 1\n  x0 := x0 + 1\nEND\n"
LOOPS = """
PROGRAM p(x: real) -> y: real
LOOP x DO
  y := y + f(x)
END
DEF f(u) -> v
  WHILE u > 0 DO u := u - 1 END
END
"""
Register = Callable[..., None]


def refused(text: str, **options: Any) -> whilec.Diagnostic:
    with pytest.raises(whilec.WhileError) as caught:
        whilec.compile_source(text, **options)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


# arguments


@pytest.mark.parametrize(
    ("options", "code", "help_text"),
    [
        ({"backend": "interpeter"}, "E0510", 'did you mean `backend="interpreter"`?'),
        ({"backend": 3}, "E0510", '"auto"'),
        ({"graph": "unroled"}, "E0510", 'did you mean `graph="unrolled"`?'),
        ({"graph": "unrolled", "smooth": "hard", "trips": 3}, "E0512", 'graph="recurrent"'),
        ({"graph": "unrolled", "backend": "interpreter", "trips": 3}, "E0512", 'backend="auto"'),
        ({"graph": "unrolled"}, "E0513", "trips=8"),
        ({"graph": "unrolled", "trips": 0}, "E0513", "trips=8"),
        ({"graph": "unrolled", "trips": 2.5}, "E0513", "trips=8"),
        ({"graph": "unrolled", "trips": True}, "E0513", "trips=8"),
        ({"graph": "unrolled", "trips": "8"}, "E0513", "trips=8"),
        ({"graph": "unrolled", "trips": [3, 4]}, "E0513", "in the order of the text"),
        ({"trips": 3}, "E0513", "max_trips"),
    ],
)
def test_choices_that_are_refused(options: dict[str, Any], code: str, help_text: str) -> None:
    diagnostic = refused(COUNTDOWN, **options)
    assert diagnostic.code.name == code
    assert help_text in (diagnostic.help or "")


def test_trips_count_the_loops_of_the_text() -> None:
    assert "2 loops" in refused(LOOPS, graph="unrolled", trips=[1, 2, 3]).title
    assert "each of its 2 loops" in (refused(LOOPS, graph="unrolled").help or "")


@pytest.mark.parametrize(("trips", "expected"), [(3, (3, 3)), ([4, 5], (4, 5)), (torch.tensor(2), (2, 2))])
def test_trips_of_every_loop_reach_the_backend(register: Register, trips: Any, expected: Any) -> None:
    register("unrolled", toy="Toy")
    text = TEXT + "LOOP x DO y := y END\nWHILE x != 0 DO x := x - 1 END\n"
    Toy.requests.clear()
    whilec.compile_source(text, graph="unrolled", trips=trips)([1.0], 2.0)
    assert [request.trips for request in Toy.requests] == [expected]


def test_a_program_without_loops_needs_no_trips(register: Register) -> None:
    register("unrolled", toy="Toy")
    assert whilec.compile_source(TEXT, graph="unrolled")([1.0], 2.0).y.item() == 4.0


# the choice


def test_auto_takes_the_first_that_can(register: Register) -> None:
    register(missing="Missing", toy="Toy")
    module = whilec.compile_source(TEXT, smooth=1, steepness=10.0)
    assert module([1.0], 2.0).y.item() == 40.0
    assert module(torch.ones(1, dtype=torch.float64), 2.0).y.item() == 4.0
    assert module.explain().splitlines() == [
        "<input>: graph recurrent, smooth 1",
        "  n = 1, cpu, float32:",
        "    missing      does not run: libtoy is not installed",
        "    toy          runs",
        "    interpreter  not used: `toy` comes first",
        "  n = 1, cpu, float64:",
        "    missing      does not run: libtoy is not installed",
        "    toy          does not run: it has no float64",
        "    interpreter  runs",
    ]


def test_a_named_backend_runs_or_says_why_not(register: Register) -> None:
    register(missing="Missing", toy="Toy")
    module = whilec.compile_source(TEXT, backend="toy")
    assert module([1.0], 2.0).y.item() == 4.0
    with pytest.raises(whilec.WhileError, match=r"E0511: the backend `toy` cannot .* it has no float64"):
        module(torch.ones(1, dtype=torch.float64), 2.0)
    with pytest.raises(whilec.WhileError, match=r"E0511: .* libtoy is not installed"):
        whilec.compile_source(TEXT, backend="missing")([1.0], 2.0)
    other = whilec.compile_source(TEXT, backend="interpreter")
    other([1.0], 2.0)
    assert "toy          not used: `interpreter` was asked for" in other.explain()


def test_no_backend_can(register: Register) -> None:
    register("unrolled", missing="Missing", toy="Toy")
    module = whilec.compile_source(TEXT, graph="unrolled", dtype=torch.float64)
    with pytest.raises(whilec.WhileError, match=r"E0511: no backend .* an unrolled graph") as caught:
        module([1.0], 2.0)
    assert caught.value.diagnostics[0].notes == (
        "`missing`: libtoy is not installed",
        "`toy`: it has no float64",
    )


def test_hard_mode_runs_on_the_interpreter(register: Register) -> None:
    register(missing="Missing", toy="Toy")
    module = whilec.compile_source(TEXT, smooth="hard")
    assert module([1.0], 2.0).y.item() == 4.0
    assert "toy          does not run: hard mode runs on the interpreter" in module.explain()
    with pytest.raises(whilec.WhileError, match=r"E0511: .* hard mode runs on the interpreter"):
        whilec.compile_source(TEXT, smooth="hard", backend="toy")([1.0], 2.0)


def test_explain_before_the_first_call() -> None:
    assert "no call has bound n yet" in whilec.compile_source(TEXT).explain()
    lines = whilec.compile_source(COUNTDOWN, smooth="hard").explain().splitlines()
    assert lines[1] == "  cpu, float64:"
    assert lines[-1] == "    interpreter  runs"


def test_every_registered_backend_answers() -> None:
    for graph, table in registry.BACKENDS.items():
        for name in table:
            assert isinstance(registry.backend(graph, name).probe(), Available | Unavailable)


# caches


def test_each_size_specialises_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from whilec.driver import specialising

    bound: list[dict[str, int]] = []

    def counted(program: Any, sizes: dict[str, int]) -> Any:
        bound.append(sizes)
        return original(program, sizes)

    original = specialising.specialise
    monkeypatch.setattr(specialising, "specialise", counted)
    module = whilec.compile_source(TEXT, smooth=0)
    for size in (2, 3, 2, 3):
        module(torch.ones(size), 1.0)
        module(torch.ones(4, size, dtype=torch.float64), 1.0)
    assert bound == [{"n": 2}, {"n": 3}]


def test_threads_compile_once_and_agree() -> None:
    made: list[int] = []
    barrier = threading.Barrier(8)

    def make(key: int) -> list[int]:
        made.append(key)
        return [key]

    cache = BoundedCache[int, "list[int]"](make, 4)
    found: list[list[int]] = []

    def ask() -> None:
        barrier.wait()
        found.extend(cache.get(key) for key in (1, 2, 3))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [1, 2, 3]
    assert len({id(each) for each in found}) == 3


def test_the_cache_forgets_what_was_asked_for_longest_ago() -> None:
    made: list[int] = []

    def make(key: int) -> int:
        made.append(key)
        return key

    cache = BoundedCache[int, int](make, 2)
    assert [cache.get(key) for key in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert made == [1, 2, 3, 2]
    assert cache.keys() == (1, 2)


def test_a_failure_is_not_remembered() -> None:
    def make(key: int) -> int:
        raise ValueError(f"no {key}")

    cache = BoundedCache[int, int](make, 2)
    with pytest.raises(ValueError, match="no 1"):
        cache.get(1)
    assert cache.keys() == ()


def test_modules_remember_a_bounded_number_of_sizes() -> None:
    module = whilec.compile_source("PROGRAM p(a: real[n]) -> y: real\ny := a[0]\n", backend="interpreter")
    for size in range(1, 2 * MAX_SPECIALISATIONS + 10):
        module(torch.ones(size))
    programs = vars(module)["_programs"]
    assert isinstance(programs, Programs)
    assert len(programs.used()) == 2 * MAX_SPECIALISATIONS


def test_threads_call_one_module() -> None:
    module = whilec.compile_source(TEXT, smooth=0)
    results: dict[int, float] = {}

    def call(size: int) -> None:
        results[size] = float(module(torch.ones(size), 3.0).b.sum())

    threads = [threading.Thread(target=call, args=(size,)) for size in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {size: 3.0 * size for size in range(1, 7)}


@pytest.mark.parametrize("name", ["smooth", "max_trips", "epsilon", "graph", "trips", "backend", "dtype"])
def test_fixed_options_cannot_be_set(name: str) -> None:
    module = whilec.compile_source("x0 := x1 * 2")
    with pytest.raises(whilec.WhileError, match=f"`{name}` is fixed when a program is compiled"):
        setattr(module, name, 1)


def test_a_param_may_be_called_like_an_option() -> None:
    module = whilec.compile_source("PROGRAM p(x) -> y: real PARAM epsilon: real = 2.0  y := x * epsilon")
    (parameter,) = module.parameters()
    (name,) = [name for name, _ in module.named_parameters()]
    setattr(module, name, torch.nn.Parameter(torch.tensor(3.0)))
    assert module(2.0).item() == 6.0
    assert parameter.item() == 2.0


def test_a_steepness_takes_no_derivative() -> None:
    module = whilec.compile_source("x0 := x1 * 2")
    with pytest.raises(whilec.WhileError, match="nothing is differentiated by `steepness`"):
        module.steepness = torch.tensor(2.0, requires_grad=True)
