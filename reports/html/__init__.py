"""One page of HTML for a judged run: no script, nothing fetched, readable from a file. It decides nothing."""
