"""Tests of the metrics guard, the catalogue, the rules and the dashboard."""
