"""The core's guard of jobs, behind the contract that every guard has: the run of a job is the effect.

It translates words and decides nothing. What a job raises is handed to the core, which judges it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.subjects.reference_guard import NotDoneError, reconcile, settings
from safety_core.job_safety.errors import RunRefusedError
from safety_core.job_safety.retry_guard import RetryGuard, RunDecision, job_entity_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.subjects.contract import Effect
    from safety_core.job_safety.retry_guard import Run, RunAnswer


class JobRunGuard:
    """The guard of jobs as a guard."""

    def __init__(self, redis_url: str, lease_s: float) -> None:
        """Make the guard; nothing is sent before the first call."""
        self._guard = RetryGuard(redis_url, settings=settings(lease_s))

    def __call__(self, key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        """Run the job once; return its receipt, or raise what is known instead.

        Raises:
            NotDoneError: There is no result.
        """
        try:
            begun = self._guard.begin(key, key, payload=payload)
        except RunRefusedError as error:
            raise NotDoneError(error.answer) from error
        if begun.decision is RunDecision.DONE:
            return begun.result
        run = _run_of(begun)
        claim = run.claim
        try:
            receipt = effect(
                payload,
                client_order_id=claim.client_order_id,
                fence=claim.fence,
                valid_until_ms=claim.valid_until_ms,
            )
        except Exception as error:
            raise NotDoneError(self._guard.failed(run, error)) from error
        self._guard.done(run, receipt)
        return receipt

    def reconcile(self, key: str, probe: Callable[[str], Mapping[str, Any]]) -> None:
        """Ask the venue what became of *key* and let the core resolve the record of its run."""
        reconcile(self._guard.engine, "job", job_entity_id(key), lambda: probe(key))

    def close(self) -> None:
        """Close the idle connections."""
        self._guard.close()


def _run_of(begun: RunAnswer) -> Run:
    if begun.run is not None:
        return begun.run
    if begun.answer is None:
        raise TypeError(f"the core answered {begun.decision}, gave no run, and said no more")
    raise NotDoneError(begun.answer)
