"""Tests of how benchmarks decide and tell; what they measure is never asserted in a test."""
