"""Tests of the durability lattice, on real servers."""
