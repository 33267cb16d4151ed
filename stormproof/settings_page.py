"""The page of the settings: the shipped file, what needs what, and the stages. Reads no variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.settings import NEEDS, PREFIX, Stage
from stormproof.markdown import NOTE, joined, table

if TYPE_CHECKING:
    from pathlib import Path

_ABOUT = """\
`safety_core.settings` (extra `config`) reads what an application may switch and set. Everything that does something
new is off by default. A variable of the environment outranks the file, key by key. What is wrong is one line and exit
code 2: `stormproof check-config FILE` says it, and shows what is on.

```python
from safety_core.idempotency import SideEffectWrapper
from safety_core.settings import is_on, load_settings

settings = load_settings("config/config.yaml")
guard = SideEffectWrapper(settings.REDIS_URL or "redis://127.0.0.1:6379", settings=settings.guard)
if is_on(settings, "runtime.redis_checks"):
    ...
```"""

_FILE = f"""\
The shipped file, [config/config.yaml](../config/config.yaml), says every key at its default. The variable of a key is
`{PREFIX}` and the key in capitals, with `__` for each dot."""

_RULES = """\
- A key that is not known is an error in these sections. Sections of others are not looked into, so that an old
  configuration keeps working.
- In the file a flag is `true` or `false`; a text or a number in its place is an error. In the environment it is
  `true`, `false`, `1`, `0`, `on` or `off`.
- `REDIS_URL` is read from the environment alone, so that no file holds its password.
- The section `redis_safety` of the same file ([check-redis.md](check-redis.md)) must not say another namespace or
  time to live than `retry.redis`.
- Without a flag, because nothing else would be safe: the guards, the classifiers, the retry policy, its audit. They
  run where an application calls them, and nowhere else."""

_STAGES = """\
`stage_of(settings)` says which stage is reached, and `check_move(before, after, lasted_s=...)` whether one may go on:
by one stage, when the one before has lasted long enough. Going back is always allowed, at once and as far as wanted.
Adaptive features follow at the end, one by one."""


def settings_page(root: Path) -> str:
    """Return the page."""
    shipped = (root / "config/config.yaml").read_text(encoding="utf-8").strip()
    needs = ((f"`{flag}`", ", ".join(f"`{need}`" for need in needed)) for flag, needed in NEEDS.items())
    stages = (
        (
            str(stage),
            ", ".join(f"`{flag}`" for flag in stage.flags),
            f"{stage.watched_s / 86400:g} days" if stage.watched_s else "",
            stage.watch,
        )
        for stage in Stage
    )
    return joined(
        [
            "# Configuration",
            NOTE,
            _ABOUT,
            "## What may be set",
            _FILE,
            f"```yaml\n{shipped}\n```",
            _RULES,
            "## What needs what",
            table(("flag", "needs"), needs),
            "## The stages of a rollout",
            _STAGES,
            table(("stage", "switches on", "lasts at least", "to watch"), stages),
        ]
    )
