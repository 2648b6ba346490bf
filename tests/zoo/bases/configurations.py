"""Bases of liars about configurations, legacy dictionaries and bridges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.adapter import BridgeRequest, ConfigureRequest
from tests.zoo.liar import Arrays, Liar


class Configuring(Liar):
    """Changes a configuration request before it is answered, and the dictionary after it."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        seen = dict(self.right.configure(self.before(request)))
        return self.after(seen, request)

    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        """Return the request that is answered."""
        return request

    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        """Return the dictionary that is given."""
        return seen


class Overwriting(Liar):
    """Changes the canonical fields that the bridge gives."""

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        return dict(self.right.bridge(request)) | self.changed(request)

    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        """Return the fields to replace."""
        raise NotImplementedError


class Filing(Liar):
    """Makes the right legacy dictionary, then changes it."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        return self.altered(dict(self.right.configure(request)), request)

    def altered(self, legacy: Arrays, request: ConfigureRequest) -> Arrays:
        raise NotImplementedError


class Bridging(Liar):
    """Translates other settings than it was given."""

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        return self.right.bridge(self.reworded(request))

    def reworded(self, request: BridgeRequest) -> BridgeRequest:
        raise NotImplementedError


class Translating(Liar):
    """Translates rightly, then changes the canonical fields."""

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        return self.altered(dict(self.right.bridge(request)), request)

    def altered(self, canonical: Arrays, request: BridgeRequest) -> Arrays:
        raise NotImplementedError
