"""The shared settings of older callers, and settings made from plain mappings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.torch


@pytest.fixture
def shared() -> Iterator[Any]:
    """The shared settings, left as they were found."""
    from ptycho_torch.settings import Shared

    before = Shared.get()
    yield Shared
    Shared.put(before)


def with_side(N: int) -> Any:
    from ptycho_torch.settings import settings_from

    return settings_from({"N": N}, {}, {}, {})


def test_settings_hold_for_a_scope(shared: Any) -> None:
    before, inner, outer = shared.get(), with_side(128), with_side(256)
    with shared.scoped(outer) as given:
        assert given is outer
        assert shared.get() is outer
        with shared.scoped(inner):
            assert shared.get() is inner
        assert shared.get() is outer
    assert shared.get() is before


def test_settings_come_back_after_an_error(shared: Any) -> None:
    before = shared.get()
    with pytest.raises(KeyError), shared.scoped(with_side(128)):
        raise KeyError
    assert shared.get() is before


def test_a_scope_undoes_what_is_put_inside_it(shared: Any) -> None:
    before = shared.get()
    with shared.scoped(with_side(128)):
        shared.put(with_side(32))
        assert shared.get().data.N == 32
    assert shared.get() is before


def test_settings_are_replaced_whole(shared: Any) -> None:
    shared.put(with_side(128))
    assert shared.get().data.N == 128
    shared.put(with_side(64))
    assert shared.get().data == type(shared.get().data)()


def test_settings_cannot_be_changed_in_place(shared: Any) -> None:
    settings = shared.get()
    for part in (settings, settings.data, settings.model, settings.training, settings.inference):
        name = dataclasses.fields(part)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, name, 1)


def test_what_is_not_given_takes_its_default() -> None:
    from ptycho_torch.settings import Settings, settings_from

    given = settings_from({"K": 9}, {"mode": "Supervised"}, {"epochs": 3}, {"batch_size": 10})
    assert (given.data.K, given.model.mode, given.training.epochs, given.inference.batch_size) == (
        9,
        "Supervised",
        3,
        10,
    )
    assert dataclasses.replace(given.data, K=6) == Settings().data
    assert settings_from({}, {}, {}, {}) == Settings()


@pytest.mark.parametrize("part", range(4))
def test_unknown_settings_are_refused(part: int) -> None:
    from ptycho_torch.errors import Refusal
    from ptycho_torch.settings import settings_from

    given: list[dict[str, Any]] = [{}, {}, {}, {}]
    given[part] = {"gridsize": 2}
    with pytest.raises(Refusal, match="Use one of") as caught:
        settings_from(*given)
    assert (caught.value.clause, caught.value.array) == ("CFG-012", "gridsize")
