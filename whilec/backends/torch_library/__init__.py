"""The functions that emitted torch code calls. Imports torch, and nothing of this project.

A value is a tensor of shape (rows, *shape), or a Python float where it is the same for all rows;
a degree has shape (rows,), or is the float 1.0 for statements that always run. No function looks
at the numbers of a batch except those of `eager` and `control`: all others can be traced.
"""
