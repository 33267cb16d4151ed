"""The faults' own tests: each bites, each is seen to have bitten, and each heals."""
