"""Guards under test: the contract, how they are found and loaded, and those in the box."""
