"""Straight-line code as `torch.fx` graphs."""
