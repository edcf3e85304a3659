"""The base of every record in the package: set once, then read-only."""

from __future__ import annotations

from typing import Any, Never, Self

from ._habits import check_keywords

__all__ = ["Frozen"]


class Frozen:
    """An object whose attributes cannot be changed after construction.

    Constructors use `_set`. Sharing one object between threads, dictionaries and mixtures is then always safe,
    and a copy may be the object itself.
    """

    __slots__ = ()

    # Here, before `__init__` is asked, because what Python says of unknown keywords does not say what is expected.
    def __new__(cls, *_given: Any, **named: Any) -> Self:
        """Refuse keywords that the constructor does not have."""
        if named:
            check_keywords(cls, named)
        return super().__new__(cls)

    def _set(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError(
            f"{type(self).__name__} objects are immutable: {name!r} cannot be set; construct a new object instead"
        )

    def __delattr__(self, name: str) -> Never:
        raise AttributeError(f"{type(self).__name__} objects are immutable: {name!r} cannot be deleted")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self
