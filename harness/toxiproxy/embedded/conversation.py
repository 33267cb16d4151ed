"""The commands and replies of one connection, where the rules about them act. Stands next to the server.

A reply belongs to the oldest request without one. Where that cannot be known (a connection that was open before the
first rule and is never quiet, a subscriber, another protocol) everything passes and the rules' tallies say so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from harness.explorer.gate.resp import MalformedRequestError, Request, RequestReader
from harness.toxiproxy.embedded.ordered import Ordered
from harness.toxiproxy.embedded.resp_replies import NotRespError, cut_replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.toxiproxy.embedded.rules import Rule, Rules

_LONGEST_TURN = 1 << 20
_MANY_REPLIES = frozenset({"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC"})


class Wire(Protocol):
    """The connection as its conversation needs it."""

    def to_server(self, data: bytes) -> None:
        """Write *data* to the server."""

    def to_client(self, data: bytes) -> None:
        """Hand *data* to the toxics on the way to the client."""

    def end_to_server(self) -> None:
        """Close the server's side."""

    def end_to_client(self) -> None:
        """Tell the toxics on the way to the client that nothing more comes."""

    def cut(self) -> None:
        """Close both sides at once."""


@dataclass(slots=True)
class _Awaited:
    """A reply that is due: the server's, which a rule may strike, or one that a rule has put in its place."""

    rule: Rule | None = None
    instead: bytes | None = None


class Conversation:
    """Cuts both directions into commands and replies and lets *rules* strike them."""

    def __init__(self, rules: Rules, number: int, wire: Wire) -> None:
        """Follow connection *number*, which has carried nothing yet; see :meth:`join`."""
        self._rules = rules
        self._number = number
        self._wire = wire
        self._is_followed, self._is_lost = True, False
        self._requests = self._replies = b""
        self._awaited: deque[_Awaited] = deque()
        self._up, self._down = Ordered(), Ordered()
        self._server_spoke_last = True

    def join(self, requests: bytes, replies: bytes, *, is_whole_turn: bool) -> None:
        """Start in the middle of a connection.

        Args:
            requests: What the client said last.
            replies: What the server said after it.
            is_whole_turn: Whether these two are all of the last turn, and the server spoke last.
        """
        self._is_followed = (not requests and not replies) or (is_whole_turn and _is_turn(requests, replies))

    def take_requests(self, data: bytes) -> None:
        """Take bytes on their way to the server."""
        if not self._is_followed:
            self._watch(data, is_reply=False)
            self._up.do(partial(self._wire.to_server, data))
            return
        self._requests += data
        try:
            found, self._requests = _cut_requests(self._requests)
        except MalformedRequestError:
            self._lose()
            return
        passing: list[bytes] = []
        for request in found:
            rule = self._rules.strike(request.words, self._number)
            if rule is not None and rule.is_upstream:
                self._send(passing)
                self._strike_request(rule, request, passing)
            else:
                self._awaited.append(_Awaited(rule))
                passing.append(request.raw)
            if _has_many_replies(request):
                self._send(passing)
                self._lose()
                return
        self._send(passing)

    def take_replies(self, data: bytes) -> None:
        """Take bytes from the server."""
        if not self._is_followed:
            self._watch(data, is_reply=True)
            self._down.do(partial(self._wire.to_client, data))
            return
        try:
            found, self._replies = cut_replies(self._replies + data)
        except NotRespError:
            self._replies += data
            self._lose()
            return
        passing: list[bytes] = []
        for reply in found:
            # A push message of RESP3 answers nobody.
            awaited = self._awaited.popleft() if self._awaited and not reply.startswith(b">") else _Awaited()
            if awaited.rule is None:
                passing.append(reply)
            else:
                self._receive(passing)
                self._strike_reply(awaited.rule, reply, passing)
            self._answer_instead(passing)
        self._receive(passing)

    def end_requests(self) -> None:
        """Note that the client says nothing more."""
        rest, self._requests = self._requests, b""
        self._send([rest] if self._is_followed else [])
        self._up.do(self._wire.end_to_server)

    def end_replies(self) -> None:
        """Note that the server says nothing more."""
        rest, self._replies = self._replies, b""
        self._receive([rest] if self._is_followed else [])
        self._down.do(self._wire.end_to_client)

    def _strike_request(self, rule: Rule, request: Request, passing: list[bytes]) -> None:
        rule.tally.struck += 1
        match rule.settings.action:
            case "delay":
                self._up.hold(rule.settings.delay / 1000)
                self._awaited.append(_Awaited())
                passing.append(request.raw)
            case "error":
                self._awaited.append(_Awaited(instead=_error(rule)))
                answered: list[bytes] = []
                self._answer_instead(answered)
                self._receive(answered)
            case "cut":
                self._up.do(self._wire.cut)

    def _strike_reply(self, rule: Rule, reply: bytes, passing: list[bytes]) -> None:
        rule.tally.struck += 1
        match rule.settings.action:
            case "delay":
                self._down.hold(rule.settings.delay / 1000)
                passing.append(reply)
            case "error":
                passing.append(_error(rule))
            case "cut":
                self._down.do(self._wire.cut)
            case "drop":
                pass

    def _answer_instead(self, passing: list[bytes]) -> None:
        """Answer what rules have answered in the server's place, once it is their turn."""
        while self._awaited and (answer := self._awaited[0].instead) is not None:
            self._awaited.popleft()
            passing.append(answer)

    def _send(self, passing: list[bytes]) -> None:
        _flush(passing, self._up, self._wire.to_server)

    def _receive(self, passing: list[bytes]) -> None:
        _flush(passing, self._down, self._wire.to_client)

    def _lose(self) -> None:
        """Give up: from here on everything passes, and the rules are told."""
        self._is_followed, self._is_lost = False, True
        self._rules.lose_sight()
        requests, replies = self._requests, self._replies
        self._requests = self._replies = b""
        self._awaited.clear()
        self._send([requests])
        self._receive([replies])

    def _watch(self, data: bytes, *, is_reply: bool) -> None:
        """Look for a turn that is whole: so many requests, so many replies. Behind it both sides are in step."""
        if self._is_lost:
            return
        if is_reply:
            self._replies += data
            self._is_followed = _is_turn(self._requests, self._replies)
        elif self._server_spoke_last:
            self._requests, self._replies = data, b""
        else:
            self._requests += data
        self._server_spoke_last = is_reply
        if self._is_followed or len(self._requests) + len(self._replies) > _LONGEST_TURN:
            self._requests = self._replies = b""


def _flush(passing: list[bytes], line: Ordered, out: Callable[[bytes], None]) -> None:
    data = b"".join(passing)
    passing.clear()
    if data:
        line.do(partial(out, data))


def _cut_requests(data: bytes) -> tuple[list[Request], bytes]:
    found = RequestReader().feed(data)
    return found, data[sum(len(request.raw) for request in found) :]


def _is_turn(requests: bytes, replies: bytes) -> bool:
    try:
        asked, unasked = _cut_requests(requests)
        answered, unanswered = cut_replies(replies)
    except (MalformedRequestError, NotRespError):
        return False
    return bool(asked) and len(asked) == len(answered) and not unasked and not unanswered


def _has_many_replies(request: Request) -> bool:
    is_reply_switch = request.name == "CLIENT" and request.words[1:2] and request.words[1].upper() == b"REPLY"
    return request.name in _MANY_REPLIES or bool(is_reply_switch)


def _error(rule: Rule) -> bytes:
    return f"-{rule.settings.message}\r\n".encode()
