"""The reader of requests: however the bytes are cut, the same requests come out, and nonsense is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.explorer.gate.resp import MalformedRequestError, RequestReader, describe

WORDS = st.lists(st.binary(max_size=12), min_size=1, max_size=4)


def encode(words: list[bytes]) -> bytes:
    """Return one request as a client sends it."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


@given(commands=st.lists(WORDS, max_size=4), data=st.data())
def test_every_cut_of_the_stream_gives_the_same_requests(commands: list[list[bytes]], data: st.DataObject) -> None:
    """Bytes that arrive in any pieces give the words that were sent, in order, and the very bytes of each request."""
    stream = b"".join(encode(words) for words in commands)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8), label="cuts"))
    reader = RequestReader()
    requests = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        requests += reader.feed(stream[start:end])
    assert [request.words for request in requests] == commands
    assert b"".join(request.raw for request in requests) == stream


def test_byte_by_byte_stream_completes_each_request_with_its_last_byte() -> None:
    """A request is given out with its last byte, neither earlier nor later."""
    stream = encode([b"SET", b"k", b"a\r\nb"]) + encode([b"get", b"k"])
    reader = RequestReader()
    given_at = [at for at in range(len(stream)) if reader.feed(stream[at : at + 1])]
    assert given_at == [len(encode([b"SET", b"k", b"a\r\nb"])) - 1, len(stream) - 1]


@pytest.mark.parametrize("words", [[b"SET", b"k", b""], [b""], [b"SET", b"k", b"v\r\n"], [b"SET", b"k", b"v" * 600]])
def test_request_that_lacks_its_end_is_kept(words: list[bytes]) -> None:
    """Whatever its last word is, the line end behind that belongs to it."""
    reader = RequestReader()
    raw = encode(words)
    for missing in (2, 1):
        assert reader.feed(raw[:-missing]) == []
        assert [request.words for request in reader.feed(raw[-missing:])] == [words]


def test_name_of_a_request_is_in_capitals() -> None:
    """Clients may write a command in small letters."""
    (request,) = RequestReader().feed(encode([b"get", b"k"]))
    assert request.name == "GET"


def test_inline_command_is_a_request() -> None:
    """A command typed as words in a line is one too, and an empty line is none."""
    requests = RequestReader().feed(b"\r\nPING\r\nSET k v\r\n")
    assert [request.words for request in requests] == [[b"PING"], [b"SET", b"k", b"v"]]


@pytest.mark.parametrize(
    "stream",
    [
        b"*x\r\n",
        b"*1\r\nGET\r\n",
        b"*1\r\n:3\r\n",
        b"*1\r\n+PING\r\n",
        b"*1\r\n*1\r\n$4\r\nPING\r\n",
        b"*1\r\n$x\r\nGET\r\n",
        b"*1\r\n$-1\r\n\r\n",
        b"*1\r\n$3\r\nGETS\r\n",
    ],
    ids=["count", "no bulk string", "integer", "status", "nested", "length", "negative length", "longer than said"],
)
def test_malformed_bytes_are_refused(stream: bytes) -> None:
    """Bytes that are no request raise instead of becoming another one."""
    with pytest.raises(MalformedRequestError):
        RequestReader().feed(stream)


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (None, "nil"),
        (b"OK", "OK"),
        (b"f3a9-token", "string"),
        (3, "3"),
        (1_700_000_000, "int"),
        ([1, None], "[1, nil]"),
    ],
)
def test_reply_is_described_without_anything_random(reply: object, word: str) -> None:
    """Tokens and times are not named, so that two runs of one schedule describe their replies alike."""
    assert describe(reply) == word
