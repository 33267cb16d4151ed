"""What ``--toxiproxy`` means: which server makes the network faults. Starts nothing."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.containers.image import TOXIPROXY_IMAGE, image_of
from harness.toxiproxy.errors import ToxiproxyUnavailableError, WrongToxiproxyChoiceError

FORMS = "embedded, path, container, container:IMAGE:TAG, a file such as ./toxiproxy-server, or http://HOST:PORT"
"""The accepted values of ``--toxiproxy``, as help text."""

_BINARY = "toxiproxy-server"
_PORT = 8474


@dataclass(frozen=True, slots=True)
class EmbeddedToxiproxy:
    """The server that comes with stormproof."""


@dataclass(frozen=True, slots=True)
class ToxiproxyBinary:
    """A ``toxiproxy-server`` that we start.

    Attributes:
        path: The file.
    """

    path: Path


@dataclass(frozen=True, slots=True)
class ToxiproxyContainer:
    """A server that we start in a container.

    Attributes:
        image: What the container is made of; its entry point is the server.
    """

    image: str


@dataclass(frozen=True, slots=True)
class RunningToxiproxy:
    """A server that runs already and is not ours.

    Attributes:
        host: Of its API.
        port: Of its API.
    """

    host: str
    port: int


ToxiproxyChoice = EmbeddedToxiproxy | ToxiproxyBinary | ToxiproxyContainer | RunningToxiproxy


def parse_toxiproxy(text: str) -> ToxiproxyChoice:
    """Return what *text* means on this machine.

    Args:
        text: One of :data:`FORMS`.

    Raises:
        WrongToxiproxyChoiceError: It has another form.
        ToxiproxyUnavailableError: There is no such binary.
        WrongImageError: The form is ``container:``, and no image with a tag follows.
    """
    if text == "embedded":
        return EmbeddedToxiproxy()
    if text == "path":
        found = shutil.which(_BINARY)
        if found is None:
            raise ToxiproxyUnavailableError(
                f"Read --toxiproxy path: expected {_BINARY} on PATH, found none. Install one, or use embedded."
            )
        return ToxiproxyBinary(Path(found))
    if text.partition(":")[0] == "container":
        return ToxiproxyContainer(image_of("--toxiproxy", text, TOXIPROXY_IMAGE))
    if text.startswith("http://"):
        return _running(text)
    if os.sep in text and "://" not in text:
        if not os.access(text, os.X_OK) or Path(text).is_dir():
            raise ToxiproxyUnavailableError(f"Read --toxiproxy {text}: expected a program, found none there.")
        return ToxiproxyBinary(Path(text))
    raise WrongToxiproxyChoiceError(f"Read --toxiproxy {text!r}: expected {FORMS}. Correct the option.")


def _running(url: str) -> RunningToxiproxy:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WrongToxiproxyChoiceError(f"Read --toxiproxy {url}: the URL is malformed ({error}).") from error
    if not host or parts.path.strip("/"):
        raise WrongToxiproxyChoiceError(f"Read --toxiproxy {url}: expected {FORMS}. Correct the option.")
    return RunningToxiproxy(host, _PORT if port is None else port)
