"""Brings a judged run to people: on the terminal, and as files beside its verdict."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports.brief import write_brief
from reports.comparison_markdown import write_comparison
from reports.guarantee_sheet import write_guarantees
from reports.judged_run import load_judged
from reports.junit import write_junit
from reports.lattice_svg import write_lattices
from reports.picture import draw
from reports.picture_text import as_text
from reports.storm_svg import write_storms
from reports.summary import write_summary
from reports.terminal import print_judged
from stormproof.saying import console
from verify.run_layout import COMPARISON

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.schedule import Schedule
    from harness.explorer.world.world import World


def write_reports(folder: Path) -> None:
    """Write beside the verdict what people and programs read.

    That is summary, guarantees, brief, JUnit, Allure results, pictures of lattice and storm, page of a comparison.
    """
    from reports.allure import write_allure  # noqa: PLC0415 - what it loads takes long

    write_summary(folder)
    write_guarantees(folder)
    write_brief(folder)
    write_junit(folder)
    write_allure(folder)
    write_lattices(folder)
    write_storms(folder)
    if load_judged(folder).run.kind == COMPARISON:
        write_comparison(folder)


def show(folder: Path) -> None:
    """Print what a judged run shows."""
    print_judged(console(), load_judged(folder))


def show_picture(schedule: Schedule, world: World) -> None:
    """Print a schedule as it has just run."""
    picture = draw(json.loads(schedule.ran(world).dumps()))
    if picture is not None:
        console().print(as_text(picture), soft_wrap=True, markup=False)
