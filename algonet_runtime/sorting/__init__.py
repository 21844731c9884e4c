"""Relaxed sorting networks: sorting, permutation matrices, ranks, top-k and quantiles."""
