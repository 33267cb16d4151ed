"""What the jobs API raises at its start, and the refusals that become answers of its own form."""

from __future__ import annotations

from typing import Any


class JobsApiError(ValueError):
    """The API cannot be started as it was asked to: one line says what was expected."""


class Refusal(Exception):  # noqa: N818 - what is refused is no error of the API
    """A request that is not done, as it is answered.

    Attributes:
        status: HTTP status.
        title: What kind of refusal it is, the same for all of its kind.
        detail: What happened, and what to do next.
        more: Further members of the answer.
        headers: Further headers.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        more: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail
        self.more = more or {}
        self.headers = headers or {}
