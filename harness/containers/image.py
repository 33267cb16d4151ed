"""What names an image: a repository with a tag or a digest. Asks nobody whether there is one."""

from __future__ import annotations

import re

from harness.containers.errors import WrongImageError

REDIS_IMAGE = "redis:8.2.3"
"""The server of ``--redis container``."""
TOXIPROXY_IMAGE = "ghcr.io/shopify/toxiproxy:2.12.0"
"""The server of ``--toxiproxy container``."""

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?"
_REFERENCE = re.compile(
    rf"{_HOST}{_COMPONENT}(?:/{_COMPONENT})*(?::(?P<tag>\w[\w.-]{{0,127}}))?(?P<digest>@sha256:[0-9a-f]{{64}})?",
    re.ASCII,
)
"""The grammar of distribution/reference, which Docker and Podman share."""


def image_of(option: str, text: str, default: str) -> str:
    """Return the image that the value of an option names: ``container`` or ``container:IMAGE:TAG``.

    Args:
        option: The option, for messages.
        text: Its value, which begins with ``container``.
        default: The image of ``container`` alone.

    Raises:
        WrongImageError: It names no image, or no tag of one: what ``latest`` is changes with the day.
    """
    word, colon, image = text.partition(":")
    if word == "container" and not colon:
        return default
    match = _REFERENCE.fullmatch(image)
    if word != "container" or match is None or not (match["tag"] or match["digest"]):
        raise WrongImageError(
            f"Read {option} {text!r}: expected container or container:IMAGE:TAG, such as container:{default}; a tag "
            "or a digest is needed, so that the next run has the same server. Correct the option."
        )
    return image
