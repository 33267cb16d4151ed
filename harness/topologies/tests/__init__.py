"""Tests of the topologies, on every provider that this machine has."""
