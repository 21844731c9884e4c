"""Algorithmic layers that are neither sorting nor statistics."""
