"""No two tuples of names give one key."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safety_core.idempotency import EffectType, EntityIdError, GuardSettings, client_order_id
from safety_core.idempotency.keys import MAX_ENTITY_BYTES, KeySpace, escape, unescape

NASTY = st.text(alphabet=":%#/|.-_aA é\x00\ud800", min_size=1, max_size=8)
TUPLES = st.tuples(NASTY, NASTY, NASTY, st.integers(0, 3), NASTY)


def key_of(names: tuple[str, str, str, int, str]) -> str:
    """Return the key of five names."""
    namespace, environment, account, version, entity_id = names
    settings = GuardSettings(namespace=namespace, environment=environment, account=account, scheme_version=version)
    return KeySpace(settings).key(entity_id)


@given(TUPLES, TUPLES)
@example(("a:b", "c", "d", 1, "e"), ("a", "b:c", "d", 1, "e"))
def test_two_tuples_never_join_to_one_key(
    one: tuple[str, str, str, int, str], two: tuple[str, str, str, int, str]
) -> None:
    """Keys are equal exactly when all five names are."""
    assert (key_of(one) == key_of(two)) == (one == two)


@given(NASTY)
def test_entity_id_can_be_read_back_from_its_key(entity_id: str) -> None:
    """A reconciler that finds a key knows whom to ask about."""
    space = KeySpace(GuardSettings())
    assert space.entity_id(space.key(entity_id)) == entity_id


@given(st.text(min_size=1))
def test_escaping_is_reversible_and_leaves_no_separator(part: str) -> None:
    """What is escaped holds neither separator, and comes back."""
    escaped = escape(part)
    assert unescape(escaped) == part
    assert re.fullmatch(r"[A-Za-z0-9_./%-]+", escaped)


@given(NASTY)
def test_no_record_ever_takes_the_stores_own_key(entity_id: str) -> None:
    """The store's identity cannot be overwritten by a record."""
    space = KeySpace(GuardSettings())
    assert space.key(entity_id) != space.store_key
    assert not space.store_key.startswith(space.prefix)


@given(NASTY, st.sampled_from(EffectType))
def test_client_order_id_has_the_venues_form(entity_id: str, effect_type: EffectType) -> None:
    """`^[a-zA-Z0-9-_]{1,36}$`, whatever the entity is called."""
    identifier = client_order_id(KeySpace(GuardSettings()).key(entity_id), effect_type)
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,36}", identifier)


@pytest.mark.parametrize("wrong", ["", None, 7, b"bytes", "x" * (MAX_ENTITY_BYTES + 1)])
def test_useless_entity_ids_are_refused(wrong: str) -> None:
    """An empty or endless name, or none at all, is a caller's mistake."""
    with pytest.raises(EntityIdError):
        KeySpace(GuardSettings()).key(wrong)
