"""A backend for the tests of modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from whilec.backends import registry

HOME = "tests.unit.module.toy_backend:"


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes classes of the toy module the only backends, `register(toy="Toy")`."""

    def only(graph: registry.Graph = "recurrent", **classes: str) -> None:
        homes = {name: HOME + class_name for name, class_name in classes.items()}
        monkeypatch.setattr(registry, "BACKENDS", {"recurrent": {}, "unrolled": {}, graph: homes})
        for user in ("whilec.driver.recipe", "whilec.driver.specialising"):
            monkeypatch.setattr(f"{user}.BACKENDS", registry.BACKENDS)

    registry.backend.cache_clear()
    yield only
    registry.backend.cache_clear()
