"""Tests of Toxiproxy: one suite for the real server and the embedded one, and what only ours can do."""
