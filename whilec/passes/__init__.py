"""Rewrites of the IR: one pass per file, each a frozen object whose fields are its options."""
