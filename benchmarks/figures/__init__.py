"""The stated figures of area P, measured on this machine and kept for the page. They inform, and gate nothing."""
