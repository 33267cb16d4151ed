"""Containers of the harness, on Docker or Podman: started, killed, stopped, removed; never one that is not ours.

Modules: ``image`` (what ``IMAGE:TAG`` means), ``engine`` (the way to the engine, and the one place that imports
testcontainers), ``container`` (one container), ``reaper`` (removes what a killed process leaves behind).
"""
