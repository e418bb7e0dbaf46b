"""Liên Thông: electronic medical records of a province, exchanged without loss."""
