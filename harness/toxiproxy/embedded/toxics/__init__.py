"""The toxics, one per file. What each does is Toxiproxy's; ``redis_rule`` is ours alone."""
