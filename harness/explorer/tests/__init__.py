"""Tests of the instrument: that every fault bites, that the enumeration is exact, that nothing is left behind."""
