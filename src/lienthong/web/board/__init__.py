"""The pages of the roll-out board, one module for each part; at the hub alone."""
