"""Finds a subject by name, ``package.module:make`` or ``path/to/file.py:make``, and loads it anew on request."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import redirect_stdout
from os import chdir as _chdir
from os import getcwd
from pathlib import Path
from types import ModuleType
from typing import cast

from harness.errors import WrongInputError
from harness.patience import while_importing
from harness.subjects import namesakes
from harness.subjects.box import BOX
from harness.subjects.contract import Make, Subject, describe_subject
from harness.subjects.search_path import search_beside

_FORMS = "a name that `stormproof subjects` lists, package.module:make, or path/to/file.py:make"


def load_subject(name: str, *, promise: str | None = None) -> Subject:
    """Return the subject *name*.

    Raises:
        WrongInputError: There is no such subject, its package is not installed, or it cannot be loaded.
    """
    boxed = BOX.get(name)
    if boxed is not None and boxed.peer is not None:
        boxed.peer.bring_in(name)
    place = name if boxed is None else boxed.place
    where, colon, attribute = place.rpartition(":")
    if not colon or not where or not attribute:
        raise WrongInputError(f"unknown subject {name!r}; expected {_FORMS}")
    if boxed is None:
        where = _found(where, name)
    source = Path(where) if where.endswith(".py") else _source_of(where, name)
    load = _Loader(name, source, where, attribute)
    if where.endswith(".py"):
        place = load.place
    with while_importing(name):
        return describe_subject(name, load, promise, place=place, is_boxed=boxed is not None)


def _found(where: str, name: str) -> str:
    """Return where a user's guard is: a module of a package that bears the name of ours is given by its file."""
    if where.endswith(".py"):
        search_beside(Path(where))
        namesakes.heed()
        return where
    namesakes.heed()
    try:
        spec = namesakes.find_other(where)
    except ImportError as error:
        raise WrongInputError(f"subject {name!r}: there is no module {where!r} ({error})") from error
    return where if spec is None or spec.origin is None else spec.origin


def _source_of(module: str, name: str) -> Path:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError) as error:
        raise WrongInputError(f"subject {name!r}: there is no module {module!r} ({error})") from error
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise WrongInputError(f"subject {name!r}: there is no Python module {module!r}; expected {_FORMS}")
    return Path(spec.origin)


def _package_of(module: str, source: Path) -> str:
    return module if source.name == "__init__.py" else module.rpartition(".")[0]


class _Loader:
    """Executes one source file as a fresh module with every call."""

    def __init__(self, name: str, source: Path, where: str, attribute: str) -> None:
        self._name = name
        self._source = source
        self._attribute = attribute
        self._module = where if not where.endswith(".py") else f"stormproof_subject_{source.stem}"
        self._package = search_beside(source) if where.endswith(".py") else _package_of(where, source)
        try:
            self._code = compile(source.read_bytes(), str(source), "exec")
        except OSError as error:
            raise WrongInputError(f"subject {name!r}: cannot read {source}: {error.strerror}") from error
        except (SyntaxError, ValueError) as error:
            raise WrongInputError(f"subject {name!r}: {source} is not Python: {error}") from error

    @property
    def place(self) -> str:
        """Where a process of its own finds the factory of a file: by the module, if it is in a package."""
        where = f"{self._package}.{self._source.stem}" if self._package else str(self._source.resolve())
        return f"{where}:{self._attribute}"

    def __call__(self) -> Make:
        module = ModuleType(self._module)
        module.__file__ = str(self._source)
        module.__package__ = self._package
        before = sys.modules.get(self._module)
        # Dataclasses and pickles look their module up by name while the code runs.
        sys.modules[self._module] = module
        here = getcwd()  # noqa: PTH109 - done for every process, and a Path costs ten times as much
        try:
            with redirect_stdout(sys.stderr):
                exec(self._code, module.__dict__)  # noqa: S102 - running the user's own file is the purpose
        except WrongInputError:
            raise
        except (Exception, SystemExit) as error:
            said = f"{type(error).__name__}: {error}"
            raise WrongInputError(f"subject {self._name!r} raised at import: {said}") from error
        finally:
            _chdir(here)
            del sys.modules[self._module]
            if before is not None:
                sys.modules[self._module] = before
        try:
            return cast("Make", getattr(module, self._attribute))
        except AttributeError as error:
            found = ", ".join(sorted(n for n, v in vars(module).items() if callable(v) and not n.startswith("_")))
            raise WrongInputError(
                f"subject {self._name!r}: {self._source} has no {self._attribute!r}; it has: {found or 'nothing'}"
            ) from error
