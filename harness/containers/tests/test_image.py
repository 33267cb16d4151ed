"""What ``container:IMAGE:TAG`` means, for the servers of Redis and for Toxiproxy."""

from __future__ import annotations

import pytest

from harness.containers.errors import WrongImageError
from harness.containers.image import REDIS_IMAGE, TOXIPROXY_IMAGE
from harness.redis_server.choice import ContainerChoice, parse_choice
from harness.toxiproxy.choice import ToxiproxyContainer, parse_toxiproxy

_DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "image",
    [
        "redis:7.4",
        "valkey/valkey:9.1-alpine",
        "ghcr.io/shopify/toxiproxy:2.12.0",
        "localhost:5000/team/redis:1",
        "[::1]:5000/redis:1",
        f"redis@{_DIGEST}",
        f"redis:7.4@{_DIGEST}",
    ],
)
def test_an_image_with_a_tag_or_a_digest_is_taken_as_it_stands(image: str) -> None:
    """A registry's port is no tag, and a tag may come with a digest."""
    assert parse_choice(f"container:{image}") == ContainerChoice(f"container:{image}", image)
    assert parse_toxiproxy(f"container:{image}") == ToxiproxyContainer(image)


def test_a_container_without_an_image_is_a_pinned_one() -> None:
    """The report names the image that the default stood for."""
    assert parse_choice("container") == ContainerChoice(f"container:{REDIS_IMAGE}", REDIS_IMAGE)
    assert parse_toxiproxy("container") == ToxiproxyContainer(TOXIPROXY_IMAGE)


@pytest.mark.parametrize(
    "text",
    [
        "container:",
        "container:redis",
        "container:localhost:5000/redis",
        "container:Redis:7",
        "container:redis:7 -v /:/x",
    ],
    ids=["nothing", "no-tag", "port-and-no-tag", "upper-case", "words"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """A usage error, before any engine is asked."""
    for parse in (parse_choice, parse_toxiproxy):
        with pytest.raises(WrongImageError, match="expected container or container:IMAGE:TAG, such as") as caught:
            parse(text)
        assert caught.value.exit_code == 2
        assert "\n" not in str(caught.value)
