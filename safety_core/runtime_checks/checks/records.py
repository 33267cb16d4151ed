"""Do the records live long enough, and can what must be on record be written? Judges, asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.runtime_checks.check import Case, Check, Promise
from safety_core.runtime_checks.levels import Level

if TYPE_CHECKING:
    from safety_core.runtime_checks.check import Found
    from safety_core.runtime_checks.expected import Expected
    from safety_core.runtime_checks.facts import ServerFacts

FORGOTTEN_TOO_SOON = Case(
    level=Level.WARNING,
    when="jobs may be delivered again after their record has ended",
    endangers=Promise.AT_MOST_ONCE,
    because="A job that comes back after its record ended looks new, and its effect is done again.",
    otherwise="a longer GuardSettings(retention_s=...) (ttl_seconds in a file), or give execute_once minted_at=..., "
    "by which such a job is refused (KEY_EXPIRED)",
)
REMEMBERED = Case(level=Level.OK, when="records outlive every redelivery")


def _retention(_facts: ServerFacts, expected: Expected) -> Found:
    within_s = expected.redelivered_within_s
    if within_s is None:
        return None
    kept_s = expected.settings.retention_s
    seen = f"records live for {kept_s:g} s, and a job may be delivered again within {within_s:g} s"
    return (REMEMBERED if kept_s > within_s else FORGOTTEN_TOO_SOON), seen


RETENTION = Check(
    name="retention",
    claim="Records live longer than a job may come back.",
    reads="the settings of the guard, and what it was told of redeliveries; nothing where it was told nothing",
    cases=(FORGOTTEN_TOO_SOON, REMEMBERED),
    judge=_retention,
    unseen=None,
)

NO_FOLDER = Case(
    level=Level.CRITICAL,
    when="the audit folder is not there",
    endangers=Promise.ON_RECORD,
    because="Nothing can be put on record.",
    otherwise="make the folder, or name another one (audit_folder)",
)
NOT_WRITABLE = Case(
    level=Level.CRITICAL,
    when="the audit folder takes no file",
    endangers=Promise.ON_RECORD,
    because="Nothing can be put on record.",
    otherwise="let this user write there, make room on its disk, or name another folder (audit_folder)",
)
WRITABLE = Case(level=Level.OK, when="the audit folder takes files")


def _audit_folder(facts: ServerFacts, _expected: Expected) -> Found:
    folder = facts.audit_folder
    if folder is None:
        return None
    if not folder.exists:
        return NO_FOLDER, f"the audit folder {folder.path} is {folder.trouble}"
    if folder.trouble:
        return NOT_WRITABLE, f"a file could not be written in the audit folder {folder.path}: {folder.trouble}"
    return WRITABLE, f"a file was written in the audit folder {folder.path}, and removed"


AUDIT_FOLDER = Check(
    name="audit_folder",
    claim="Audit records can be written.",
    reads="the folder that the validator was given, by writing a file that has no name; nothing where it was given "
    "none, and not again after a reconnect of the guard",
    cases=(NO_FOLDER, NOT_WRITABLE, WRITABLE),
    judge=_audit_folder,
    unseen=None,
)
