"""What a configuration of Redis keeps, held against what the validator says of it. Values in, verdict out: no I/O."""
