"""What the API answers: a status, a body and its type, as Toxiproxy 2.12 does it byte for byte. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness.toxiproxy.embedded.go_json import write_json

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    301: "Moved Permanently",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    500: "Internal Server Error",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response.

    Attributes:
        status: One of :data:`REASONS`.
        body: What is sent.
        headers: Names and values besides length and date.
        has_request_id: Whether a handler gave it; only those answers carry an id.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    has_request_id: bool = True


class ApiError(Exception):
    """A request that is refused; ends as an answer with an error's body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def json_answer(value: Any, status: int = 200) -> Answer:
    """Return *value* as JSON."""
    return Answer(status, write_json(value), {"Content-Type": _JSON})


def plain_answer(status: int, text: str, *, has_request_id: bool = True) -> Answer:
    """Return *text* as Go's ``http.Error`` does."""
    headers = {"Content-Type": _TEXT, "X-Content-Type-Options": "nosniff"}
    return Answer(status, f"{text}\n".encode(), headers, has_request_id)


def error_answer(error: ApiError) -> Answer:
    """Return an error; its body is JSON although its type says text, as in Toxiproxy."""
    body = write_json({"error": error.message, "status": error.status}).decode()
    return plain_answer(error.status, body)


def empty_answer() -> Answer:
    """Return a success that has nothing to say."""
    return Answer(204)
