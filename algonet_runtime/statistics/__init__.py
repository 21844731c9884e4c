"""Medians, extremes and weighted softmax."""
