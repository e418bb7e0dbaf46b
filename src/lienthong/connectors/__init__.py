"""One folder for each kind of system we talk to; none imports another."""
