"""Tests of the reference core, on real servers. They import nothing of the other rooms."""
