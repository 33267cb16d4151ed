"""From names to keys: escaping, the key of a record, the venue's client order id.

No two different tuples of names may ever give one key, and one tuple may never give two.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from .errors import EntityIdError

if TYPE_CHECKING:
    from .effect_types import EffectType
    from .settings import GuardSettings

_PLAIN = re.compile(r"[A-Za-z0-9_.\-/]+").fullmatch
_NOT_PLAIN = re.compile(rb"[^A-Za-z0-9_.\-/]")

_LETTER = {"order": "o", "position": "p", "ledger": "l", "pnl": "n", "signal": "s", "job": "j"}
_DIGEST_BYTES = 16
MAX_ENTITY_BYTES = 4096
"""Longest escaped entity id that is accepted."""


def escape(part: str) -> str:
    """Return `part` with everything outside `[A-Za-z0-9_.-/]` as `%XX` of its UTF-8 bytes.

    The result holds no ':', no '#' and no '%' of its own, so that parts joined by ':' stay apart.

    Raises:
        EntityIdError: `part` is not a string, or is empty.
    """
    if type(part) is str and _PLAIN(part):
        return part
    if not part or not _is_text(part):
        raise EntityIdError(f"a part of a key is {part!r}; expected a string that is not empty")
    raw = str.encode(part, "utf-8", "surrogatepass")
    return _NOT_PLAIN.sub(lambda found: b"%%%02X" % found[0][0], raw).decode("ascii")


def _is_text(part: object) -> bool:
    return isinstance(part, str)


def unescape(part: str) -> str:
    """Return what `escape` was given."""
    return unquote_to_bytes(part).decode("utf-8", "surrogatepass")


class KeySpace:
    """The keys of one namespace, environment, account and scheme version.

    Attributes:
        prefix: What every record's key begins with, ':' included.
        store_key: Key of the store's own record (its identity). It holds '#', which no escaped part does.
    """

    __slots__ = ("_space", "prefix", "store_key")

    def __init__(self, settings: GuardSettings) -> None:
        names = (settings.namespace, settings.environment, settings.account, str(settings.scheme_version))
        space = ":".join(escape(name) for name in names)
        self._space = space
        self.prefix = space + ":"
        self.store_key = space + "#store"

    def key(self, entity_id: str) -> str:
        """Return the key of an entity's record, ASCII only.

        Raises:
            EntityIdError: The id is not a string, is empty, or is longer than MAX_ENTITY_BYTES when escaped.
        """
        escaped = escape(entity_id)
        if len(escaped) > MAX_ENTITY_BYTES:
            raise EntityIdError(f"the entity id takes {len(escaped)} bytes; at most {MAX_ENTITY_BYTES} are accepted")
        return self.prefix + escaped

    def own_key(self, kind: str, name: str) -> str:
        """Return the key of something that is no effect: `kind` is a word of ours, and no record's key is ever equal.

        Raises:
            EntityIdError: The name is not a string, or is empty.
        """
        return f"{self._space}#{kind}:{escape(name)}"

    def entity_id(self, key: str) -> str:
        """Return the entity id that `key` was made from."""
        return unescape(key[len(self.prefix) :])


def client_order_id(key: str, effect_type: EffectType | str) -> str:
    """Return the id by which a venue can be asked for the effect: `^[a-zA-Z0-9-_]{1,36}$`.

    Derived from the key alone, so that every redelivery of an intent carries the same one; the fence travels beside
    it. 128 bits of BLAKE2b after a letter for the effect type.
    """
    digest = hashlib.blake2b(key.encode("ascii"), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{_LETTER[effect_type]}-{digest}"
