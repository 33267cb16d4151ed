"""Two schemas in words: what breaks whoever hands something in is seen, and what breaks whoever reads an answer."""

from __future__ import annotations

from typing import Any

import pytest

from verify.rollout.compatibility.changes import Schemas, Side
from verify.rollout.compatibility.json_schema import Comparison
from verify.rollout.compatibility.openapi import interface_changes

INTEGER, NUMBER, TEXT = {"type": "integer"}, {"type": "number"}, {"type": "string"}


def changes(old: Any, new: Any, side: Side) -> list[tuple[str, bool]]:
    """Return what is said of two schemas from one side."""
    comparison = Comparison(Schemas(old), Schemas(new), side)
    return [(change.sentence, change.is_known) for change in comparison.changes(old, new, "it")]


NARROWED = {
    "types": ({"type": ["string", "null"]}, TEXT, "it no longer takes null"),
    "any-type": ({}, TEXT, "it takes only string now"),
    "integers": (NUMBER, INTEGER, "it no longer takes number"),
    "enum": ({"enum": ["a", "b"]}, {"enum": ["a"]}, 'it no longer takes "b"'),
    "const": ({"enum": ["a", "b"]}, {"const": "a"}, 'it no longer takes "b"'),
    "least": ({"minimum": 1}, {"minimum": 2}, "it: its minimum was 1, and now it is 2"),
    "most": ({}, {"maxLength": 9}, "it: its maxLength was none, and now it is 9"),
    "form": ({}, {"pattern": "^a"}, 'it: its pattern was none, and now it is "^a"'),
    "list": ({"items": NUMBER}, {"items": INTEGER}, "it[] no longer takes number"),
    "no-more": ({}, {"additionalProperties": False}, "it.* takes nothing now"),
    "more": ({"additionalProperties": NUMBER}, {"additionalProperties": INTEGER}, "it.* no longer takes number"),
    "union": ({"anyOf": [NUMBER, TEXT, {"type": "null"}]}, {"oneOf": [NUMBER, TEXT]}, "it no longer takes null"),
    "union-gone": ({"anyOf": [NUMBER, {"type": "null"}]}, NUMBER, "it no longer takes null"),
    "nullable": ({"type": "string", "nullable": True}, TEXT, "it no longer takes null"),
    "all-of-one": ({"allOf": [{"type": ["string", "null"]}]}, TEXT, "it no longer takes null"),
    "nothing": (True, False, "it takes nothing now"),
}
"""A schema, a narrower one, and what that is to whoever hands something in."""


@pytest.mark.parametrize("case", NARROWED)
def test_narrower_breaks_who_gives_and_wider_who_reads(case: str) -> None:
    """The same two schemas: each direction breaks one side, and is nothing to the other."""
    wide, narrow, said = NARROWED[case]
    assert changes(wide, narrow, Side.GIVEN) == [(said, True)]
    assert changes(narrow, wide, Side.GIVEN) == []
    assert changes(wide, narrow, Side.ANSWERED) == []
    # An answer may get properties that nobody knew: readers skip them.
    assert bool(changes(narrow, wide, Side.ANSWERED)) is (case != "no-more")
    assert changes(wide, wide, Side.GIVEN) == changes(narrow, narrow, Side.ANSWERED) == []


def test_properties_of_an_answer() -> None:
    """What always came must come; what is new is skipped."""
    old = {"properties": {"a": TEXT, "b": INTEGER}, "required": ["a", "b"]}
    new = {"properties": {"a": TEXT, "b": INTEGER, "c": TEXT}, "required": ["a", "c"]}
    assert changes(old, new, Side.ANSWERED) == [("it.b was always there, and may be missing now", True)]
    assert changes(old, {"properties": {"a": TEXT}}, Side.ANSWERED)[-1] == ("it.b is gone", True)


def test_a_default_that_came_is_a_change_where_nothing_had_to_be_given() -> None:
    """Who leaves the property out gets another behaviour; who had to give it gets none."""
    old, new = {"properties": {"a": TEXT}}, {"properties": {"a": {**TEXT, "default": "x"}}}
    assert changes(old, new, Side.GIVEN) == [('it.a: it had no default, and now it is "x"', True)]
    assert changes({**old, "required": ["a"]}, new, Side.GIVEN) == []
    assert changes(new, old, Side.GIVEN) == [('it.a: its default was "x", and now there is none', True)]
    assert changes(new, old, Side.ANSWERED) == []


def test_what_is_not_understood_is_unknown() -> None:
    """Another pattern, or a keyword of which nothing is known here, is never passed over."""
    assert changes({"pattern": "a"}, {"pattern": "b"}, Side.GIVEN) == [
        ('it: its pattern was "a", and now it is "b"', False)
    ]
    assert changes({"not": TEXT}, {}, Side.GIVEN) == [('it: not was {"type": "string"}, and now it is none', False)]
    assert changes({"$ref": "other.json"}, {"$ref": "else.json"}, Side.GIVEN)[0][1] is False
    assert changes({"title": "a", "x-y": 1}, {"description": "b"}, Side.GIVEN) == []


def test_a_schema_that_holds_itself_is_compared_once() -> None:
    """A tree of nodes ends, and what changed deep in it is seen."""

    def tree(value: Any) -> dict[str, Any]:
        below = {"type": "array", "items": {"$ref": "#/$defs/node"}}
        return {"$ref": "#/$defs/node", "$defs": {"node": {"properties": {"value": value, "below": below}}}}

    assert changes(tree(NUMBER), tree(NUMBER), Side.GIVEN) == []
    assert changes(tree(NUMBER), tree(INTEGER), Side.GIVEN) == [("it.value no longer takes number", True)]


def api(operation: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a document with one operation."""
    return {"paths": {"/x": {"get": operation}}, **more}


def parameter(name: str, **more: Any) -> dict[str, Any]:
    """Return an operation that takes a parameter."""
    return {"parameters": [{"name": name, "in": "query", **more}]}


FORM: dict[str, Any] = {"multipart/form-data": {}}
JSON: dict[str, Any] = {"application/json": {}}
INTERFACES = {
    "path": (api({}), {"paths": {}}, "/x is gone"),
    "method": (api({}), {"paths": {"/x": {"post": {}}}}, "GET /x is gone"),
    "parameter": (api(parameter("a")), api({}), "GET /x: the parameter a (query) is gone"),
    "required": (
        api(parameter("a")),
        api(parameter("a", required=True)),
        "GET /x: the parameter a (query) must be given now",
    ),
    "new-required": (
        api({}),
        api(parameter("a", required=True)),
        "GET /x: the parameter a (query) must be given now; it was not known before",
    ),
    "narrowed": (
        api(parameter("a", schema=NUMBER)),
        api(parameter("a", schema=INTEGER)),
        "GET /x: the parameter a (query) no longer takes number",
    ),
    "of-the-path": (
        {"paths": {"/x": {"get": {}, **parameter("a")}}},
        api({}),
        "GET /x: the parameter a (query) is gone",
    ),
    "body": (api({}), api({"requestBody": {"required": True}}), "GET /x: a request must have a body now"),
    "form": (
        api({"requestBody": {"content": {**FORM, **JSON}}}),
        api({"requestBody": {"content": JSON}}),
        "GET /x: request as multipart/form-data is no longer taken",
    ),
    "answer": (
        api({"responses": {"200": {"content": {"application/json": {"schema": INTEGER}}}}}),
        api({"responses": {"200": {"content": {"application/json": {"schema": NUMBER}}}}}),
        "GET /x: answer 200 may now be number",
    ),
    "answer-form": (
        api({"responses": {"200": {"content": JSON}}}),
        api({"responses": {"200": {}}}),
        "GET /x: answer 200 as application/json is gone",
    ),
}


@pytest.mark.parametrize("case", INTERFACES)
def test_what_breaks_a_client_is_said(case: str) -> None:
    """In one sentence that names the operation; nothing is said of a document and itself."""
    old, new, said = INTERFACES[case]
    assert [change.sentence for change in interface_changes(old, new)] == [said]
    assert list(interface_changes(old, old)) == list(interface_changes(new, new)) == []


def test_another_way_to_log_in_is_unknown() -> None:
    """Whether clients have what it needs stands in no document."""
    (change,) = interface_changes(api({}), api({}, security=[{"key": []}]))
    assert (change.sentence, change.is_known) == (
        'the API: security was none, and now it is [{"key": []}]',
        False,
    )
