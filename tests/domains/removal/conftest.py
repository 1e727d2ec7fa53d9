"""The rooms that speak Stripe, for this room's tests."""

from tests.domains.connected import rooms as rooms
