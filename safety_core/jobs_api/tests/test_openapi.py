"""The API against its own description: schemathesis asks whatever the description allows, and what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from safety_core.jobs_api import OPENAPI, Role
from safety_core.jobs_api.tests.apis import BASE, TOKENS

if TYPE_CHECKING:
    from safety_core.jobs_api.tests.apis import Api

OPERATIONS = {
    f"GET {BASE}/failed",
    f"GET {BASE}/stats",
    f"GET {BASE}/retry-audit",
    f"POST {BASE}/failed/retry-all",
    f"POST {BASE}/failed/{{job_id}}/retry",
}


def described(api: Api) -> Any:
    """Return the description of the API, as it gives it out."""
    answer = api.get(OPENAPI.removeprefix(BASE))
    assert answer.status_code == 200
    return answer.json()


def test_description_has_the_five_endpoints_with_examples(api: Api) -> None:
    """Every answer and every refusal has a form, and every form of an answer has an example."""
    held = described(api)
    found = {f"{method.upper()} {path}" for path, methods in held["paths"].items() for method in methods}
    assert found == OPERATIONS
    for path, methods in held["paths"].items():
        for operation in methods.values():
            assert {"200", "401", "403", "422", "503"} <= operation["responses"].keys(), path
            refusals = [form for status, form in operation["responses"].items() if status != "200"]
            assert all(list(form["content"]) == ["application/problem+json"] for form in refusals), path
            assert operation["security"], path
    for name in ("FailedJobItem", "RetryOne", "RetryAll", "Stats", "AuditAnswer", "Problem"):
        assert held["components"]["schemas"][name]["examples"], name


def test_schemathesis_finds_nothing(api: Api) -> None:
    """No answer is a server error, none lacks its place in the description, and what is not allowed is refused."""
    schema = schemathesis.openapi.from_asgi(OPENAPI, api.app, headers=_bearer(Role.FORCE))
    seen: set[str] = set()
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        seen.add(operation.label)
        known = [api.fails(how) for how in ("refused", "timeout")]
        _check(operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE), known)
        _check(operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE), [])
    assert seen == OPERATIONS


def _check(cases: st.SearchStrategy[Any], job_ids: list[str]) -> None:
    """Ask what a strategy draws, at times with the id of a job that is there, and judge every answer."""

    @settings(
        max_examples=5,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, known=st.sampled_from([None, *job_ids]))
    def check(case: Any, known: str | None) -> None:
        if known and "job_id" in case.path_parameters:
            case.path_parameters["job_id"] = known
        case.call_and_validate(headers=_bearer(Role.FORCE))

    check()


def _bearer(role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[role]}"}


@pytest.mark.parametrize("path", [*sorted(OPERATIONS), f"GET {OPENAPI}"])
def test_nobody_is_served_without_a_token(path: str, api: Api) -> None:
    """Not even the description; and a token that nobody has is none."""
    method, place = path.replace("{job_id}", "abc").replace(BASE, "").split()
    ask: Any = api.get if method == "GET" else api.post
    answer = ask(place, None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
