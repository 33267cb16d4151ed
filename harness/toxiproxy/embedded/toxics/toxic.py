"""What every toxic is: settings that can be sent as JSON, and what is done to the bytes. Knows no single toxic."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.stub import Stub


class Settings(Protocol):
    """The attributes of a toxic, as an immutable dataclass of whole numbers and texts.

    Attributes:
        TYPE: The toxic's name in the API.
        GO_NAME: The Go type that error texts name.
        BUFFER: How many chunks may wait in front of it.
    """

    TYPE: ClassVar[str]
    GO_NAME: ClassVar[str]
    BUFFER: ClassVar[int]
    GO_INTEGER: ClassVar[str]
    RESETS: ClassVar[bool]
    CLOSES_ON_REMOVAL: ClassVar[bool]
    __dataclass_fields__: ClassVar[dict[str, Any]]

    async def pipe(self, stub: Stub) -> None:
        """Work until the end of the stream, or until cancelled."""


class ByteToxic:
    """What a toxic is unless it says otherwise."""

    BUFFER: ClassVar[int] = 1
    GO_INTEGER: ClassVar[str] = "int64"
    RESETS: ClassVar[bool] = False
    """Whether a connection that it strikes is closed with a reset."""
    CLOSES_ON_REMOVAL: ClassVar[bool] = False
    """Whether its removal closes the connections that it had struck."""


def field_types(kind: type[Settings]) -> dict[str, str]:
    """Return the Go type of each attribute of a toxic, in order."""
    return {field.name: "string" if field.type == "str" else kind.GO_INTEGER for field in fields(kind)}


@dataclass(slots=True)
class Toxic:
    """A toxic that was added to a proxy.

    Attributes:
        name: Unique within its proxy.
        stream: As it was given; case does not matter.
        toxicity: Which share of the connections is struck, 0 to 1.
        settings: Its attributes.
    """

    name: str
    stream: str
    toxicity: float
    settings: Settings

    @property
    def is_upstream(self) -> bool:
        """Whether it works on what clients send."""
        return self.stream.lower() == "upstream"

    def to_object(self) -> dict[str, Any]:
        """Return the toxic as the API answers it."""
        return {
            "attributes": asdict(self.settings),
            "name": self.name,
            "type": self.settings.TYPE,
            "stream": self.stream,
            "toxicity": self.toxicity,
        }
