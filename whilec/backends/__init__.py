"""What runs a lowered program: one backend per kind of machine code."""
