"""Tests of the rollout verifier that need no Redis; those with one stand with the command line."""
