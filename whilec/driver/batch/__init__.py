"""Many rows at once: batch files in, result files out."""
