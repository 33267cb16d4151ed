"""The checks, one topic per module, and the list of all of them."""
