"""What Stripe really does, beyond storing: one file a resource, each function bound to an operation by its id.

A file may also have a function `wire(world)`: it is called once when a world begins to be used, to hang itself on the
clock.
"""

from __future__ import annotations

import importlib
import pkgutil
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ..call import Call
    from ..world import World

Behaviour = Callable[["Call"], Any]
F = TypeVar("F", bound=Callable[..., Any])

_registry: dict[str, Behaviour] = {}
_wires: list[Callable[[World], None]] = []
_attached: weakref.WeakSet[World] = weakref.WeakSet()
_loaded = False


def behaviour(*operation_ids: str) -> Callable[[F], F]:
    """Makes a function the answer to these operations in place of the generic one.

    It takes the Call and answers a stored object, a plain object, or a generic.Page; it raises StripeError to refuse.
    """

    def register(function: F) -> F:
        for operation_id in operation_ids:
            known = _registry.get(operation_id)
            if known is not None and known.__module__ != function.__module__:
                raise LookupError(f"{operation_id} has two behaviours: {known.__module__} and {function.__module__}.")
            _registry[operation_id] = function
        return function

    return register


def load() -> dict[str, Behaviour]:
    """Imports every file of this folder once; answers operation id -> behaviour."""
    global _loaded
    if not _loaded:
        for module in pkgutil.iter_modules(__path__):
            loaded = importlib.import_module(f"{__name__}.{module.name}")
            if hasattr(loaded, "wire"):
                _wires.append(loaded.wire)
        _loaded = True
        from ..operations import beyond, operations

        unknown = sorted(set(_registry) - set(operations()) - set(beyond()))
        if unknown:
            raise LookupError(f"behaviours for operations that do not exist: {', '.join(unknown)}")
    return _registry


def attach(world: World) -> None:
    """Lets every file that acts as time passes hang itself on a world's clock; once, however often it is asked for."""
    load()
    if world in _attached:
        return
    _attached.add(world)
    for wire in _wires:
        wire(world)
