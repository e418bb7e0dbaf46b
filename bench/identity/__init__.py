"""The identity index measured: an invented province, weights learned from it, accuracy, speed, peers."""
