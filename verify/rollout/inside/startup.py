"""Task: what Python runs by itself when it starts, and whether that names protected modules or answers for them.

By the time this runs, it has run: the interpreter looked at its `.pth` files and imported its `sitecustomize`.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import os
import site
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OWN = (importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter, importlib.machinery.PathFinder)
_SOURCE = (importlib.machinery.SourceFileLoader, importlib.machinery.NamespaceLoader)
_CUSTOM = ("sitecustomize", "usercustomize")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return what is amiss, one sentence each, and how many start-up files were looked at."""
    modules, tree = request["modules"], request["tree"]
    tops = sorted({name.partition(".")[0] for name in modules})
    roots = request["roots"]
    files = list(_files(roots))
    amiss = [
        *_loaded(tops),
        *_stand_ins(modules, roots, tree),
        *_found_elsewhere(tops, tree),
        *(said for file in files for said in _of_file(file, tops, tree, roots)),
    ]
    return {"amiss": list(dict.fromkeys(amiss)), "looked_at": len(files)}


def _loaded(tops: list[str]) -> Iterator[str]:
    for name in tops:
        if name in sys.modules:
            place = getattr(sys.modules[name], "__file__", None)
            yield f"{name}, which is protected, is loaded when Python starts, before anybody asks ({place})"


def _stand_ins(modules: list[str], roots: list[str], tree: str) -> Iterator[str]:
    """Yield each finder that was added and answers for a protected module."""
    packages = {name.rpartition(".")[0] for name in modules}
    # As import has it: where the package lies, and None for what lies in no package.
    paths = {above: [f"{root}/{above.replace('.', '/')}" for root in roots] if above else None for above in packages}
    for finder in sys.meta_path:
        if finder in _OWN:
            continue
        kind = finder if isinstance(finder, type) else type(finder)
        for name in modules:
            if _answers(finder, name, paths[name.rpartition(".")[0]], tree):
                yield f"{kind.__module__}.{kind.__qualname__} answers for the protected {name} when it is imported"
                break


def _answers(finder: Any, name: str, path: list[str] | None, tree: str) -> bool:
    """Say whether a finder gives a protected module anything but its source in the tree."""
    try:
        spec = finder.find_spec(name, path, None)
    except Exception:  # noqa: BLE001 - a finder that fails on a protected module meddles with it
        return True
    return spec is not None and not (_is_within(spec.origin or "", tree) and type(spec.loader) in _SOURCE)


def _is_within(place: str, tree: str) -> bool:
    return os.path.realpath(place).startswith(f"{tree}{os.sep}")


def _found_elsewhere(tops: list[str], tree: str) -> Iterator[str]:
    """Yield each protected package that is not found in the tree, or not loaded as a source is."""
    for name in tops:
        spec = None if name in sys.modules else importlib.machinery.PathFinder.find_spec(name)
        if spec is None:
            continue
        places = [*(spec.submodule_search_locations or ()), spec.origin or ""]
        if not any(_is_within(place, tree) for place in places):
            yield f"{name}, which is protected, is found at {spec.origin}, not in the tree"
        elif spec.loader is not None and type(spec.loader) not in _SOURCE:
            kind = type(spec.loader)
            yield f"{name}, which is protected, is loaded by {kind.__module__}.{kind.__qualname__}"


def _files(roots: list[str]) -> Iterator[Path]:
    """Yield every start-up file on the import path but those of the tree itself.

    Those of the user count, though they were not used here.
    """
    folders = dict.fromkeys([*site.getsitepackages(), site.getusersitepackages()])
    for folder in folders:
        yield from sorted(Path(folder).glob("*.pth"))
    for name in _CUSTOM:
        places = [*(place for place in sys.path if place not in roots), site.getusersitepackages()]
        spec = importlib.machinery.PathFinder.find_spec(name, list(dict.fromkeys(places)))
        if spec is not None and spec.origin:
            yield Path(spec.origin)


def _of_file(file: Path, tops: list[str], tree: str, roots: list[str]) -> Iterator[str]:
    """Yield what a start-up file says of protected modules."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        yield f"{file} is obeyed when Python starts, and cannot be read: {error.strerror}"
        return
    if file.suffix != ".pth":
        yield from _named(_words(text, tree), file, tops)
        return
    for line in text.splitlines():
        if line.startswith(("import ", "import\t")):
            words = set(_words(line, tree))
            yield from _named(words, file, tops)
            for imported in sorted(word for word in words - sys.stdlib_module_names if word.isidentifier()):
                yield from _named(_words(_source(imported), tree), file, tops, through=f" through {imported}")
        elif line.strip() and not line.startswith("#"):
            folder = file.parent / line.strip()
            is_root = os.path.realpath(folder) in {os.path.realpath(root) for root in roots}
            for name in tops if not is_root else ():
                if (folder / name).is_dir() or (folder / f"{name}.py").is_file():
                    yield f"{file} leads Python to {folder}, where there is another {name}"


def _named(words: Iterable[str], file: Path, tops: list[str], through: str = "") -> Iterator[str]:
    held = set(words)
    for name in tops:
        if any(word == name or word.startswith(f"{name}.") for word in held):
            yield f"{file} runs when Python starts{through}, and names the protected {name}"


def _words(source: str, tree: str) -> Iterator[str]:
    """Yield what code imports, and its texts, which may be names of modules or code themselves.

    A text that stands for a folder of the tree does no harm: so an editable installation says where its modules are.
    """
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return
    harmless = {
        id(key)
        for node in nodes
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and _is_within(value.value, tree)
    }
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in harmless:
            yield node.value
            if "import" in node.value and node.value != source:
                yield from _words(node.value, tree)


def _source(name: str) -> str:
    """Return the source of a module without importing it; empty where there is none."""
    spec = importlib.machinery.PathFinder.find_spec(name)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return ""
    return Path(spec.origin).read_text(encoding="utf-8", errors="replace")
