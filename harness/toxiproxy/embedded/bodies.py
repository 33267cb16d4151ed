"""Request bodies of the API: what they may hold, with Toxiproxy's defaults and error texts. Changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.toxiproxy.embedded.answer import ApiError
from harness.toxiproxy.embedded.go_json import WrongTypeError, kind_of, read_fields
from harness.toxiproxy.embedded.go_scan import BadJsonError, scan
from harness.toxiproxy.embedded.toxics.registry import TOXICS
from harness.toxiproxy.embedded.toxics.toxic import Toxic, field_types

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.toxics.toxic import Settings

_PROXY = {"name": "string", "listen": "string", "upstream": "string", "enabled": "bool"}
_TOXIC = {"name": "string", "type": "string", "stream": "string", "toxicity": "float32", "attributes": "any"}
_CHANGE = {"attributes": "any", "toxicity": "float32"}
_POPULATED = 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }'
_CHANGED = 'struct { Attributes interface {} "json:\\"attributes\\""; Toxicity float32 "json:\\"toxicity\\"" }'
_BAD = "bad request body"


def _refuse(error: Exception) -> ApiError:
    return ApiError(400, f"{_BAD}: {error}")


def _scanned(body: bytes) -> Any:
    try:
        return scan(body)
    except BadJsonError as error:
        raise _refuse(error) from error


def read_proxy(body: bytes) -> dict[str, Any]:
    """Return the fields of a proxy that *body* sets: name, listen, upstream, enabled.

    Raises:
        ApiError: It is no JSON object, or a field has another type.
    """
    try:
        return read_fields(_scanned(body), _PROXY, struct_name="toxiproxy.Proxy", prefix="Proxy")
    except WrongTypeError as error:
        raise _refuse(error) from error


def require(proxy: dict[str, Any], where: str = "") -> None:
    """Raise ApiError where *proxy* lacks what it must have."""
    for name in ("name", "upstream"):
        if not proxy.get(name):
            raise ApiError(400, f"missing required field: {name}{where}")


def read_proxies(body: bytes) -> list[dict[str, Any]]:
    """Return the proxies that *body* lists.

    Raises:
        ApiError: It is no list of proxies, or one lacks a field; then none is to be made.
    """
    value = _scanned(body)
    if value is None:
        return []
    try:
        proxies = [_read_populated(each) for each in _listed(value)]
    except WrongTypeError as error:
        raise _refuse(error) from error
    for number, proxy in enumerate(proxies, start=1):
        require(proxy, f" at proxy {number}")
    return proxies


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise WrongTypeError(f"json: cannot unmarshal {kind_of(value)} into Go value of type []{_POPULATED}")


def _read_populated(value: Any) -> dict[str, Any]:
    """Return the fields of one proxy of a list; in Go's form ``enabled`` stands beside the others, not among them."""
    flag = read_fields(value, {"enabled": "bool"}, struct_name=_POPULATED, prefix="")
    rest = {name: kind for name, kind in _PROXY.items() if name not in flag}
    return {**read_fields(value, rest, struct_name=_POPULATED, prefix=".Proxy"), **flag}


def read_toxic(body: bytes, taken: set[str]) -> Toxic:
    """Return the toxic that *body* describes.

    Args:
        body: The request's body.
        taken: Names of the toxics that the proxy has.

    Raises:
        ApiError: It describes none, or one whose name is taken.
    """
    try:
        given = read_fields(_scanned(body), _TOXIC, struct_name="toxics.ToxicWrapper", prefix="ToxicWrapper")
        sent = _attributes_in(given, "ToxicWrapper.attributes of type toxics.NoopToxic")
        stream = given.get("stream", "downstream")
        if stream.lower() not in {"upstream", "downstream"}:
            raise ApiError(400, "stream was invalid, can be either upstream or downstream")
        kind = TOXICS.get(given.get("type", ""))
        if kind is None:
            raise ApiError(400, "invalid toxic type")
        name = given.get("name") or f"{kind.TYPE}_{stream}"
        if name in taken:
            raise ApiError(409, "toxic already exists")
        settings = kind(**_attributes(sent, kind))
    except ValueError as error:
        raise _refuse(error) from error
    return Toxic(name, stream, given.get("toxicity", 1.0), settings)


def read_change(body: bytes, toxic: Toxic) -> tuple[Settings, float]:
    """Return the settings and the toxicity of *toxic* after the change that *body* asks for.

    Raises:
        ApiError: It asks for nothing that can be.
    """
    kind = type(toxic.settings)
    try:
        given = read_fields(_scanned(body), _CHANGE, struct_name=_CHANGED, prefix="")
        sent = _attributes_in(given, f".attributes of type toxics.{kind.GO_NAME}")
        settings = kind(**{**asdict(toxic.settings), **_attributes(sent, kind)})
    except ValueError as error:
        raise _refuse(error) from error
    return settings, given.get("toxicity", toxic.toxicity)


def _attributes_in(given: dict[str, Any], where: str) -> Any:
    """Return the attributes that were sent, None for none; *where* is what Go calls the field."""
    sent = given.get("attributes")
    if sent is None or kind_of(sent) == "object":
        return sent
    raise WrongTypeError(f"json: cannot unmarshal {kind_of(sent)} into Go struct field {where}")


def _attributes(sent: Any, kind: type[Settings]) -> dict[str, Any]:
    return read_fields(sent, field_types(kind), struct_name=kind.GO_NAME, prefix=f"{kind.GO_NAME}.attributes")
