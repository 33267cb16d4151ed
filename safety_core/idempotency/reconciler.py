"""Ends doubts by asking the venue: what was found is DONE, what can no longer appear is FAILED, the rest stays open.

Never concludes "not done" while a request of the lost holder could still be accepted, never touches a record whose
lease runs, and never overrules a record that moved after it was read. A holder that wakes later finds its token gone.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from .answers import Record, RecordState
from .doubts import View, doubt_began_ms, lease_runs, look, resolve, scan
from .effect_types import EffectType, effect_type_of
from .errors import ResultError, SettingsError
from .payload import payload_hash
from .result_codec import encode_result
from .store_protocol import StoreReport, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .wrapper import SideEffectWrapper

logger = logging.getLogger("safety_core.idempotency")

UNTOLD: Any = object()
"""Stands for a payload that nobody has told; None is a payload."""


@dataclass(frozen=True, slots=True)
class Found:
    """The venue has the effect.

    Attributes:
        result: What the effect would have returned; replayed from now on.
        payload: What was done, if the venue tells: any other payload conflicts from now on.
    """

    result: Any = None
    payload: Any = UNTOLD


@dataclass(frozen=True, slots=True)
class NotFound:
    """The venue does not have the effect now. Whether it may still come is not the probe's business."""


@dataclass(frozen=True, slots=True)
class ProbeUnknown:
    """The venue could not be asked, or does not know."""


Probe: TypeAlias = "Callable[[Record], Found | NotFound | ProbeUnknown]"
"""Asks the venue about a record, by its `client_order_id` or `entity_id`. What it raises counts as ProbeUnknown."""


class Resolution(StrEnum):
    """What became of one key."""

    NOTHING_TO_DO = "nothing to do"
    DONE = "done"
    FAILED = "failed, may be claimed again"
    OPEN = "still open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a reconciler did with one key.

    Attributes:
        resolution: What became of it.
        record: The record as it was seen before.
        reason: One phrase for people and logs.
        wait_ms: OPEN only: milliseconds of server time after which "not found" will be an answer; None if unknown.
    """

    resolution: Resolution
    record: Record
    reason: str
    wait_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """What became of a quarantine.

    Attributes:
        lifted: Whether the store may be used again (True also where there was no quarantine).
        report: What the store said last.
        reconciled: What was done with each key.
    """

    lifted: bool
    report: StoreReport
    reconciled: tuple[Reconciled, ...]


class Reconciler:
    """Asks the venue about open doubts, one probe per effect type."""

    def __init__(self, wrapper: SideEffectWrapper, probes: Mapping[EffectType | str, Probe]) -> None:
        """Make a reconciler for the keys of `wrapper`.

        Raises:
            UnknownEffectTypeError: A probe is given for an unknown type.
        """
        self._wrapper = wrapper
        self._probes = {effect_type_of(name): probe for name, probe in probes.items()}

    def open_records(self, limit: int | None = None) -> list[Record]:
        """Return at most `limit` records in doubt (None: all). Reads the whole key space: for metrics and people.

        Raises:
            StoreError: The store cannot be reached or must not be trusted.
        """
        wrapper = self._wrapper
        return [view.record for view in wrapper.driver.run(scan(wrapper.terms, limit))]

    def reconcile(self, effect_type: EffectType | str, entity_id: str, *, payload: Any = UNTOLD) -> Reconciled:
        """End the doubt about one key, if there is one.

        Args:
            effect_type: An EffectType, or its name.
            entity_id: The entity.
            payload: What the intent asked for. Used where no record tells it and the venue does not tell what it
                did: without either, a record is written that any payload of this effect type meets.

        Raises:
            StoreError: The store cannot be reached or must not be trusted.
            SettingsError: There is no probe for this effect type.
            GuardError: A caller's mistake in type, entity or payload.
        """
        kind = effect_type_of(effect_type)
        digest = "" if payload is UNTOLD else payload_hash(kind, payload)
        return self._one(kind, entity_id, digest)

    def reconcile_open(self, limit: int | None = 100) -> list[Reconciled]:
        """End at most `limit` of the doubts that the store knows of (None: all).

        Raises:
            StoreError: The store cannot be reached or must not be trusted.
            SettingsError: There is no probe for the effect type of one of them.
        """
        return [self._one(record.effect_type, record.entity_id, "") for record in self.open_records(limit)]

    def lift_quarantine(self, outstanding: Iterable[tuple[EffectType | str, str]] = ()) -> Lifted:
        """End every doubt of a store whose identity changed, then trust it again; or say what is still open.

        The store cannot list what it has forgotten. Name in `outstanding` every intent that may be delivered again
        (the job queue knows them); an intent that is neither remembered nor named is taken for one never begun.

        Raises:
            StoreError: The store cannot be reached, must not be trusted, or changed its identity again meanwhile.
            SettingsError: There is no probe for the effect type of one of the keys.
        """
        wrapper = self._wrapper
        report = wrapper.store_report()
        if not report.quarantined:
            return Lifted(lifted=report.unsafe is None, report=report, reconciled=())
        done = self.reconcile_open(None)
        done += [self.reconcile(kind, entity_id) for kind, entity_id in outstanding]
        if any(one.resolution is Resolution.OPEN for one in done):
            return Lifted(lifted=False, report=report, reconciled=tuple(done))
        lifted = wrapper.driver.run(prepare(wrapper.terms, force=True, expected=report.identity))
        logger.warning("quarantine lifted after %d keys were reconciled", len(done))
        return Lifted(lifted=True, report=lifted, reconciled=tuple(done))

    def _one(self, kind: EffectType, entity_id: str, digest: str) -> Reconciled:
        wrapper = self._wrapper
        view = wrapper.driver.run(look(wrapper.terms, kind, entity_id))
        record = view.record
        began = doubt_began_ms(wrapper.terms, view)
        if began is None:
            return Reconciled(resolution=Resolution.NOTHING_TO_DO, record=record, reason=f"it is {record.state}")
        if lease_runs(view):
            wait_ms = (record.lease_until_ms or 0) - view.now_ms
            return Reconciled(
                resolution=Resolution.OPEN, record=record, reason="its holder's lease still runs", wait_ms=wait_ms
            )
        answer = self._ask(record)
        if isinstance(answer, ProbeUnknown):
            return Reconciled(resolution=Resolution.OPEN, record=record, reason="the venue gave no answer")
        known = record.payload_hash or digest
        done = known
        if isinstance(answer, Found) and answer.payload is not UNTOLD:
            done = payload_hash(record.effect_type, answer.payload)
        # What was found may be another intent's, whose record the store has lost. Then this one's was not found.
        is_own = isinstance(answer, Found) and done == (record.payload_hash or done)
        # The time was read before the venue was asked: what could still come would have been there by then.
        wait_ms = began + wrapper.terms.life_ms - view.now_ms
        if not is_own and wait_ms >= 0:
            return Reconciled(
                resolution=Resolution.OPEN,
                record=record,
                reason="not found, but a request of its holder may still be accepted",
                wait_ms=wait_ms + 1,
            )
        if isinstance(answer, Found):
            return self._write(view, RecordState.DONE, self._mark(answer.result), done)
        return self._write(view, RecordState.FAILED, ("x", b"not found by reconciliation"), known)

    def _ask(self, record: Record) -> Found | NotFound | ProbeUnknown:
        probe = self._probes.get(record.effect_type)
        if probe is None:
            raise SettingsError(f"no probe was given for {record.effect_type}, so {record.key} cannot be reconciled")
        try:
            return probe(record)
        except Exception:
            logger.exception("the probe for %s failed; the doubt stays open", record.key)
            return ProbeUnknown()

    def _mark(self, result: Any) -> tuple[str, bytes]:
        try:
            text = encode_result(result)
        except ResultError:
            return "g", b""
        if len(text) <= self._wrapper.settings.max_result_bytes:
            return "r", text
        return "g", hashlib.sha256(text).hexdigest().encode("ascii")

    def _write(self, view: View, state: RecordState, mark: tuple[str, bytes], digest: str) -> Reconciled:
        wrapper, record = self._wrapper, view.record
        word = wrapper.driver.run(resolve(wrapper.terms, view, state, mark, digest))
        if word == "MOVED":
            # Either the holder or another reconciler was faster, or our own first write was applied unanswered.
            now = wrapper.driver.run(look(wrapper.terms, record.effect_type, record.entity_id)).record
            if now.state is state and not now.token:
                word = "OK"
        if word != "OK":
            return Reconciled(resolution=Resolution.OPEN, record=record, reason="it moved while the venue was asked")
        logger.info("reconciled %s to %s", record.key, state)
        resolution = Resolution.DONE if state is RecordState.DONE else Resolution.FAILED
        return Reconciled(resolution=resolution, record=record, reason="the venue was asked")
