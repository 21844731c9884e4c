"""Relaxations: distributions that turn comparisons into degrees."""
