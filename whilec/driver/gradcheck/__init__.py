"""Gradients of all backends, compared with each other and with finite differences."""
