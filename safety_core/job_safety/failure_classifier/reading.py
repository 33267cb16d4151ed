"""Reads a failure in whichever form a job system keeps it: exception, `sys.exc_info()`, or the text of a traceback.

Of a traceback the last exception counts: it is the one that was raised out of the job. Never raises for a text.
"""

from __future__ import annotations

import builtins
import re
import socket
from typing import Any

from safety_core.idempotency.failure_facts import MAX_TEXT, FailureFacts, facts_of
from safety_core.job_safety.errors import FailureError

_HEADER = "Traceback (most recent call last):"
_NOT_INDENTED = re.compile(r"^\S", re.MULTILINE).search
_GROUP = re.compile(
    r"^  \+ Exception Group Traceback.*?^  \| (\w[\w.]*Group: [^\n]*)", re.MULTILINE | re.DOTALL
).search
_RAISED = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?\Z", re.DOTALL).match
_CODE = re.compile(r"(?:\bcode\s*=\s*|[\"']code[\"']\s*:\s*)(-\d{1,9})\b").search
_KNOWN = {"socket.gaierror": socket.gaierror, "gaierror": socket.gaierror}


def facts_from(failure: Any) -> FailureFacts:
    """Return what a failure tells of itself.

    Args:
        failure: An exception, a triple of `sys.exc_info()`, or the text that a job system keeps of one: a traceback,
            or its last line (`ConnectionError: Network failed`).

    Raises:
        FailureError: It is none of these.
    """
    if isinstance(failure, tuple) and len(failure) == 3:  # noqa: PLR2004 - the triple of sys.exc_info
        failure = failure[1]
    if isinstance(failure, BaseException):
        return facts_of(failure)
    if isinstance(failure, bytes):
        failure = failure.decode("utf-8", "replace")
    if isinstance(failure, str):
        return _facts_of_text(failure)
    raise FailureError(
        f"the failure is a {type(failure).__name__}; expected an exception, sys.exc_info() or the text of a traceback"
    )


def _facts_of_text(text: str) -> FailureFacts:
    raised = _raised_part(text)
    found = _RAISED(raised)
    if found is None:
        return FailureFacts(text=raised[:MAX_TEXT], code=_code(raised))
    path, message = found["name"], (found["text"] or "")[:MAX_TEXT]
    name = path.rpartition(".")[2]
    if name.endswith("Group"):
        # What follows are the members of the group, which are of any kind.
        message = message.partition("\n")[0]
    known = _KNOWN.get(path) or (getattr(builtins, path, None) if path == name else None)
    if isinstance(known, type) and issubclass(known, BaseException):
        names = tuple(one.__name__ for one in known.__mro__)
        return FailureFacts(kind=known, names=names, text=message, code=_code(message))
    return FailureFacts(names=(name,), text=message, code=_code(message))


def _raised_part(text: str) -> str:
    """Return the text from the line that names the exception on: the first one below the frames of the last trace."""
    group = _GROUP(text)
    if group is not None:
        return group[1]
    _, header, below = text.rpartition(_HEADER)
    if not header and not text[:1].isspace():
        return text.strip()
    first = _NOT_INDENTED(below)
    return "" if first is None else below[first.start() :].strip()


def _code(text: str) -> int | None:
    found = _CODE(text[:MAX_TEXT])
    return int(found[1]) if found else None
