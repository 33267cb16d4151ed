"""A program that speaks the line protocol with nothing but the standard library, and makes one mistake if asked to.

``python little_guard.py MISTAKE`` runs it; ``none`` is no mistake. It is the smallest program that uses every line.
Further arguments go to the children that it starts, if that is its mistake.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

MISTAKE = sys.argv[1]
_POLLS = 3
_TIME_LIMIT_S = 5.0
_LINES = ("do", "protocol", "redis_url", "lease_s")

Line = dict[str, Any]


class CallError(Exception):
    """The call ends with an error: outcome and word."""


class Redis:
    """A connection a command."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 0)
        self._is_lost = False
        self._opened: list[socket.socket] = []

    def open(self, count: int) -> None:
        """Open connections and leave them alone."""
        self._opened += [socket.create_connection(self._address, _TIME_LIMIT_S) for _ in range(count)]

    def ask(self, *words: str) -> str | None:
        """Return the reply to a command, None for nil."""
        while True:
            try:
                return self._ask(*words)
            except OSError:
                self._is_lost = True
                if MISTAKE == "dies_without_redis":
                    raise
                if MISTAKE != "waits_for_redis_for_ever":
                    raise CallError("INDETERMINATE", "") from None

    def _ask(self, *words: str) -> str | None:
        if MISTAKE == "stays_offline" and self._is_lost:
            raise ConnectionError
        raw = [word.encode() for word in words]
        with socket.create_connection(self._address, _TIME_LIMIT_S) as connection:
            request = b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in raw)
            connection.sendall(request)
            with connection.makefile("rb") as reply:
                head = reply.readline()
                if not head:
                    raise ConnectionResetError
                if head.startswith(b"$-"):
                    return None
                return (reply.readline() if head.startswith(b"$") else head).decode().strip()


class Program:
    """The program's side."""

    def __init__(self) -> None:
        self._redis = Redis("")
        self._lease_ms = 0
        self._id = 0
        self._effects = 0

    def run(self) -> None:
        """Serve until stdin ends."""
        while (line := read()) is not None:
            asked = line["do"]
            if asked == "init":
                self._init(line)
            elif asked == "prepare":
                say("reconciled" if MISTAKE == "takes_prepare_for_another" else "prepared", id=0)
            elif asked == "call":
                self._call(line)
            elif asked == "reconcile":
                self._reconcile(line)
        if MISTAKE == "says_good_bye":
            print('{"say": "prepared"}', flush=True)  # noqa: T201
        if MISTAKE == "outlives_its_stdin":
            signal.pause()

    def _init(self, line: Line) -> None:
        if MISTAKE == "never_gets_ready":
            return
        if MISTAKE == "prints_garbage":
            print("connected!", flush=True)  # noqa: T201
        if MISTAKE == "says_a_list":
            print("[]", flush=True)  # noqa: T201
        if MISTAKE == "stumbles_over_unknown_fields" and set(line) != set(_LINES):
            sys.exit("an unknown field")
        if MISTAKE != "keeps_its_first_redis" or not self._lease_ms:
            self._redis = Redis(line["redis_url"])
        self._lease_ms = int(line["lease_s"] * 1000)
        promise = "the_moon" if MISTAKE == "promises_the_moon" else "at_most_once"
        say("ready", promise=promise, outside={}, reusable=True, reconciles=True, prepares=True)

    def _call(self, line: Line) -> None:
        self._id, self._effects = line["id"], 0
        if MISTAKE == "never_answers":
            return
        if MISTAKE == "dies":
            sys.exit("no strength left")
        if MISTAKE.startswith("forks"):
            self._fork()
        if MISTAKE == "speaks_unasked":
            say("prepared")
        if MISTAKE == "opens_a_thousand_connections":
            self._redis.open(1000)
        try:
            result = self._guard(line["key"], line["payload"])
        except CallError as error:
            outcome, word = error.args
            said = "MAYBE" if MISTAKE == "answers_maybe" else outcome
            self._say("error", outcome=said, word=word, detail="CallError")
        else:
            self._say("result", result={"made": "up"} if MISTAKE == "makes_up_a_result" else result)
        if MISTAKE == "answers_twice":
            self._say("result", result={})

    def _fork(self) -> None:
        wait = "import signal; signal.pause()"
        leave = "import subprocess, sys; subprocess.Popen([sys.executable, *sys.argv[1:]], start_new_session=True)"
        if MISTAKE == "forks_and_orphans":
            subprocess.run([sys.executable, "-c", leave, "-c", wait, *sys.argv[2:]], check=True)
        else:
            lets_go = MISTAKE == "forks_and_lets_go"
            subprocess.Popen([sys.executable, "-c", wait, *sys.argv[2:]], start_new_session=lets_go)

    def _reconcile(self, line: Line) -> None:
        self._id = line["id"]
        self._say("probe", key=line["key"])
        answer = heard()["answer"]
        if answer["found"]:
            self._redis.ask("SET", line["key"], json.dumps(answer["receipt"]))
        if MISTAKE != "never_reconciled":
            self._say("reconciled")

    def _guard(self, key: str, payload: Line) -> Line:
        if MISTAKE == "leaves_redis_out":
            return self._effect(payload)
        if not self._redis.ask("SET", key, "claimed", "NX", "PX", str(self._lease_ms)):
            return self._replay(key)
        self._redis.ask("SET", key, "started")
        receipt = self._effect(payload)
        while MISTAKE == "does_it_for_ever":
            self._effect(payload)
        self._redis.ask("SET", key, json.dumps(receipt))
        return receipt

    def _replay(self, key: str) -> Line:
        polls = 0
        while (held := self._redis.ask("GET", key) or "claimed") in {"claimed", "started"}:
            polls += 1
            if polls > _POLLS and MISTAKE != "sleeps_for_ever":
                raise CallError("INDETERMINATE", "in_doubt")
            self._say("sleep", seconds=0.1)
            heard()
        done: Line = json.loads(held)
        return done

    def _effect(self, payload: Line) -> Line:
        call = self._effects if MISTAKE == "counts_from_zero" else self._effects + 1
        self._effects += 1
        self._say("effect", call=call, payload=payload, fence="7" if MISTAKE == "fences_with_a_string" else 7)
        reply = heard()
        if "error" not in reply:
            receipt: Line = reply["receipt"]
            return receipt
        if MISTAKE == "takes_a_timeout_for_done":
            return {"receipt_id": None}
        raise CallError(*(("FAIL", "rejected") if reply["error"]["definite"] else ("INDETERMINATE", "in_doubt")))

    def _say(self, what: str, **fields: Any) -> None:
        say(what, id=self._id + 1 if MISTAKE == "mixes_up_ids" else self._id, **fields)


def say(what: str, **fields: Any) -> None:
    """Say one line."""
    raw = json.dumps({"say": what, **fields}).encode()
    if MISTAKE == "writes_another_encoding":
        raw = raw.replace(b"at_most", b"\xff")
    sys.stdout.buffer.write(raw + b"\n")
    if MISTAKE != "keeps_its_lines_back":
        sys.stdout.buffer.flush()


def read() -> Line | None:
    """Return the next line of the harness, None at the end."""
    raw = sys.stdin.readline()
    line: Line | None = json.loads(raw) if raw else None
    return line


def heard() -> Line:
    """Return the answer to what was just said; the end of stdin ends the program."""
    line = read()
    if line is None:
        os._exit(0)
    return line


if __name__ == "__main__":
    Program().run()
