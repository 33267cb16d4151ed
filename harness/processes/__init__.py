"""Child processes that die with us, and temporary folders that a killed harness cannot leave behind for good."""
