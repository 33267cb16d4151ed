"""Tests of the proxy gate."""
