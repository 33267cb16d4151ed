"""The API: a signal goes in, an order comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from live.trading import on_prices

if TYPE_CHECKING:
    from execution.orders import Venue

SIGNAL = {
    "type": "object",
    "required": ["symbol", "prices"],
    "properties": {
        "symbol": {"type": "string", "minLength": 1},
        "prices": {"type": "array", "items": {"type": "number"}, "minItems": 5, "maxItems": 5},
        "exposure": {"type": "number", "default": 0},
    },
}
ORDER = {
    "type": "object",
    "required": ["order", "symbol", "quantity"],
    "properties": {
        "order": {"type": "integer"},
        "symbol": {"type": "string"},
        "quantity": {"type": "number"},
    },
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    order = {"description": "the order", "content": {"application/json": {"schema": _of("Order")}}}
    signal = {"required": True, "content": {"application/json": {"schema": _of("Signal")}}}
    answers = {"201": order, "204": {"description": "the gates let no order through"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "trading", "version": "1"},
        "paths": {
            "/signals": {"post": {"summary": "Trade on a signal", "requestBody": signal, "responses": answers}}
        },
        "components": {"schemas": {"Signal": SIGNAL, "Order": ORDER}},
    }


def post_signal(venue: Venue, signal: dict[str, Any]) -> tuple[int, dict[str, object] | None]:
    """Return the status and the body that answer a signal."""
    exposure = signal.get("exposure", SIGNAL["properties"]["exposure"]["default"])
    order = on_prices(venue, signal["symbol"], signal["prices"], exposure)
    return (204, None) if order is None else (201, order)


def _of(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
