"""A task runs what the sources of the tree say, whatever compiled files lie beside them."""

from __future__ import annotations

import importlib.util
import py_compile
import sys
from pathlib import Path

import pytest

from verify.rollout.inside_tree import Interpreter

SOURCE = """\
import sys


def said():
    return {"who": "source", "compiled": sys.pycache_prefix, "words": sys.orig_argv}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with a module, and a compiled file of another one that Python would take for it unchecked."""
    (tmp_path / "other.py").write_text(SOURCE.replace("source", "compiled"), encoding="utf-8")
    (tmp_path / "where.py").write_text(SOURCE, encoding="utf-8")
    target = importlib.util.cache_from_source(str(tmp_path / "where.py"))
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(tmp_path / "other.py"), cfile=target, invalidation_mode=mode, doraise=True)
    return tmp_path


def test_compiled_file_of_the_tree_stands_in_for_nothing(place: Path) -> None:
    """Though the interpreter's own library is taken as it was compiled, which makes a start several times as fast."""
    said = Interpreter(tree=place).run("schema", target="where:said")
    assert said["who"] == "source"
    assert not any("pycache_prefix" in word for word in said["words"])


def test_interpreter_in_the_tree_starts_without_any_compiled_file(place: Path) -> None:
    """What it loads at its start is of the tree, too, so that it is started once more."""
    tree = Path(sys.prefix).resolve().parent
    said = Interpreter(tree=tree, import_roots=(str(place),)).run("schema", target="where:said")
    assert said["who"] == "source"
    assert f"pycache_prefix={said['compiled']}" in said["words"]
