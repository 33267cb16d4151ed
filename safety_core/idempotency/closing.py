"""How guards, policies and breakers are closed: by hand, or at the end of a `with` block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from .async_link import AsyncDriver
    from .link import Driver


class Closable(ABC):
    """Is closed at the end of a `with` block."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what it holds open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class AsyncClosable(ABC):
    """Is closed at the end of an `async with` block."""

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of what it holds open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


class Connected(Closable):
    """Keeps idle connections.

    Attributes:
        driver: What runs the protocol's steps.
    """

    driver: Driver

    def close(self) -> None:
        """Close the idle connections. It may be used again afterwards."""
        self.driver.pool.close()


class AsyncConnected(AsyncClosable):
    """Keeps idle connections of one event loop.

    Attributes:
        driver: What runs the protocol's steps.
    """

    driver: AsyncDriver

    async def aclose(self) -> None:
        """Close the idle connections. It may be used again afterwards."""
        await self.driver.pool.close()
