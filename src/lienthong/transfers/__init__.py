"""A patient sent from one hospital to another, until the answer comes back."""
