"""Task: the chains of imports between packages of the tree, by grimp. Needs grimp where it runs."""

from __future__ import annotations

from typing import Any

import grimp


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the modules that were seen, and for each pair of packages the shortest chain between them."""
    graph = grimp.build_graph(*request["packages"], cache_dir=None)
    for importer, imported in request["further"]:
        if importer in graph.modules and imported in graph.modules:
            graph.add_import(importer=importer, imported=imported)
    chains = []
    for importer, imported in request["pairs"]:
        found = graph.find_shortest_chains(importer, imported, as_packages=True)
        chains += [list(chain) for chain in sorted(found)]
    return {"modules": len(graph.modules), "chains": chains}
