"""Task: the chains of imports between packages of the tree, by grimp. Needs grimp where it runs."""

from __future__ import annotations

from typing import Any

import grimp


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return how many modules were seen, the chains, what else is imported, and which modules the sides reach."""
    graph = grimp.build_graph(*request["packages"], include_external_packages=True, cache_dir=None)
    for name in request["modules"]:
        if name not in graph.modules:
            graph.add_module(name)
    for importer, named in request["further"]:
        # Of a name that is no module, the module that has it counts.
        imported = named if named in graph.modules else named.rpartition(".")[0]
        if importer in graph.modules and imported in graph.modules:
            graph.add_import(importer=importer, imported=imported)
    chains = []
    for importer, imported in request["pairs"]:
        found = graph.find_shortest_chains(importer, imported, as_packages=True)
        chains += [list(chain) for chain in sorted(found)]
    sides = {name for pair in request["pairs"] for name in pair}
    reached = {module for name in sides for module in graph.find_upstream_modules(name, as_package=True)}
    reached |= {module for name in sides for module in [name, *graph.find_descendants(name)]}
    outside = {module for module in graph.modules if graph.is_module_squashed(module)}
    return {
        "modules": len(graph.modules - outside),
        "chains": chains,
        "outside": sorted(outside),
        "reached": sorted(reached),
    }
