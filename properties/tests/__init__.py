"""Tests of the claims: each holds of the core, and is broken by something else."""
