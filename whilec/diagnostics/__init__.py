"""Errors and warnings as data, and how they are shown."""
