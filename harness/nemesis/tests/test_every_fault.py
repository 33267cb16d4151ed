"""Every fault of the registry: it bites, it is seen to have bitten, it heals, and a no-op of it is found out."""

from __future__ import annotations

import re

import pytest

from harness.errors import CouldNotRunError
from harness.nemesis.fault import NotWitnessedError
from harness.nemesis.registry import ALL, find
from harness.nemesis.site import Site
from harness.nemesis.tests.case import Case, without_strike
from harness.nemesis.tests.cases import CASES

every_case = pytest.mark.parametrize("case", CASES, ids=str)


def test_every_fault_has_a_case() -> None:
    """What the registry lists is tried below."""
    assert {case.fault.name for case in CASES} == ALL.keys()
    assert all(find(name).name == name for name in ALL)


@pytest.mark.in_turn(0)
@every_case
def test_a_fault_bites_and_heals(case: Case) -> None:
    """A bystander sees it while it lasts, the witness says so during and after, and then all is as promised."""
    _skip_where_it_cannot_be(case)
    with case.site() as site:
        with case.fault.inject(site, **case.arguments) as strike:
            case.during(site)
            assert strike.witness()
        assert strike.witness()
        case.after(site)


@pytest.mark.in_turn(1)
@every_case
def test_a_fault_that_does_nothing_is_found_out(case: Case) -> None:
    """Made a no-op, it has no witness, neither inside nor after, and its healing does no harm."""
    _skip_where_it_cannot_be(case)
    with case.site() as site:
        with (
            without_strike(case.fault).inject(site, **case.arguments) as strike,
            pytest.raises(NotWitnessedError, match=case.fault.name),
        ):
            strike.witness()
        with pytest.raises(NotWitnessedError, match=case.fault.name):
            strike.witness()
        if site.server is not None:
            assert site.server.client().ping()


@pytest.mark.parametrize("name", ALL)
def test_a_site_that_lacks_what_a_fault_needs_is_told_so(name: str) -> None:
    """One line that names the fault and what to give."""
    with (
        pytest.raises(CouldNotRunError, match=re.escape(f"inject {name}: it needs")),
        find(name).inject(Site()),
    ):
        pass


def _skip_where_it_cannot_be(case: Case) -> None:
    if missing := case.missing():
        pytest.skip(missing)
