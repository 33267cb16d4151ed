"""The adaptive side: it learns beside the frozen model, and nothing that trades knows it."""
