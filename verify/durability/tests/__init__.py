"""Tests of the judgement of the durability lattice."""
