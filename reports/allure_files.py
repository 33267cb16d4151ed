"""The one place that meets ``allure_commons``, which has no types. It writes results and knows nothing of runs.

Allure names its files at random; here every name follows from the content, so that writing again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allure_commons import model2
from allure_commons.logger import AllureFileLogger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://allurereport.org/stormproof")

PASSED: str = model2.Status.PASSED
FAILED: str = model2.Status.FAILED
BROKEN: str = model2.Status.BROKEN
SKIPPED: str = model2.Status.SKIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One attachment: its title, its media type, the ending of its file, and its bytes."""

    name: str
    media: str
    ending: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a result: its title, its status, what it was about in names and values, and its attachments."""

    name: str
    status: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attached] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link: what is shown, where it leads, and what Allure takes it for (``issue``, ``tms`` or ``link``)."""

    name: str
    url: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One Allure result.

    Attributes:
        identity: The same for the same test in every run; Allure's history follows it.
        name: Its title.
        status: ``passed``, ``failed``, ``broken`` or ``skipped``.
        message: One sentence for the status.
        trace: What stands below the message.
        description: Markdown.
        labels: Allure labels, such as epic and feature.
        parameters: What it was run with.
        steps: What was done, in order.
        links: Where more is to be found.
        attachments: Files shown with it.
        started_ms: Milliseconds since 1970; None where nobody knows.
        ended_ms: Likewise.
    """

    identity: str
    name: str
    status: str
    message: str = ""
    trace: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    links: Sequence[Link] = ()
    attachments: Sequence[Attached] = ()
    started_ms: int | None = None
    ended_ms: int | None = None


class AllureFolder:
    """Writes a folder of Allure results.

    Args:
        folder: Where; it is made if it is not there.
        clean: Remove what is in it first.
    """

    def __init__(self, folder: Path, *, clean: bool) -> None:
        self._folder = folder
        self._logger: Any = AllureFileLogger(str(folder), clean=clean)  # type: ignore[no-untyped-call]
        self._attached: set[str] = set()

    def add(self, result: Result) -> None:
        """Write one result with its attachments."""
        attachments = [self._attach(each) for each in result.attachments]
        steps = [self._step(each) for each in result.steps]
        told = [result.identity, result.status, result.message, result.trace, [each.source for each in attachments]]
        made = str(uuid.uuid5(_NAMESPACE, json.dumps(told)))
        identity = hashlib.sha256(result.identity.encode()).hexdigest()[:32]
        item: Any = model2.TestResult(
            uuid=made,
            historyId=identity,
            testCaseId=identity,
            fullName=result.identity,
            name=result.name,
            status=result.status,
            statusDetails=model2.StatusDetails(message=result.message, trace=result.trace),
            stage="finished",
            description=result.description,
            labels=[model2.Label(name=name, value=value) for name, value in result.labels.items()],
            links=[model2.Link(type=each.kind, url=each.url, name=each.name) for each in result.links],
            parameters=_parameters(result.parameters),
            steps=steps,
            attachments=attachments,
            start=result.started_ms,
            stop=result.ended_ms,
        )
        # The logger puts a random prefix into this pattern; a pattern without a place for it names the file.
        item.file_pattern = f"{made}-result.json"
        self._logger.report_result(item)

    def write(self, name: str, body: str) -> None:
        """Write a file that Allure looks for under its own name."""
        self._logger.report_attached_data(body, name)

    def _step(self, step: Step) -> Any:
        # How long a step took nobody has measured.
        return model2.TestStepResult(
            name=step.name,
            status=step.status,
            stage="finished",
            parameters=_parameters(step.parameters),
            attachments=[self._attach(each) for each in step.attachments],
        )

    def _attach(self, attached: Attached) -> Any:
        name = f"{uuid.uuid5(_NAMESPACE, hashlib.sha256(attached.body).hexdigest())}-attachment.{attached.ending}"
        if name not in self._attached:
            self._attached.add(name)
            self._logger.report_attached_data(attached.body, name)
        return model2.Attachment(name=attached.name, source=name, type=attached.media)


def _parameters(named: Mapping[str, str]) -> list[Any]:
    return [model2.Parameter(name=name, value=value) for name, value in named.items()]
