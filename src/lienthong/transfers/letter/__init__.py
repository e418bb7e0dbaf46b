"""The letter that is its own fallback: the signed minimum set of a transfer, as printed symbols or as a file."""
