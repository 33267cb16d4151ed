"""Does the application's own client send a command again without telling? Judges, asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.runtime_checks.check import Case, Check, Promise
from safety_core.runtime_checks.levels import Level

if TYPE_CHECKING:
    from safety_core.runtime_checks.check import Found
    from safety_core.runtime_checks.expected import Expected
    from safety_core.runtime_checks.facts import ServerFacts

SENDS_AGAIN = Case(
    level=Level.WARNING,
    when="the client repeats commands by itself",
    endangers=Promise.RECORDED,
    because="When the reply to SET NX is lost, the repeat finds the client's own claim and says that somebody else "
    "has it. The connections of the reference guard are its own, and repeat nothing.",
    otherwise="make the client with retry=Retry(NoBackoff(), 0), which Redis.from_url(...) does by itself",
)
SENDS_ONCE = Case(level=Level.OK, when="the client sends every command once")


def _client_retries(facts: ServerFacts, _expected: Expected) -> Found:
    retries = facts.client_retries
    if retries is None:
        return None
    seen = f"the client repeats a command {retries} times by itself"
    return (SENDS_AGAIN if retries else SENDS_ONCE), seen


CLIENT_RETRIES = Check(
    name="client_retries",
    claim="The application's client sends every command once.",
    reads="the client that the validator was given; nothing where it was given a URL",
    cases=(SENDS_AGAIN, SENDS_ONCE),
    judge=_client_retries,
    unseen=None,
)
