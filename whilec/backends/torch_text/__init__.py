"""Programs of the IR as Python text that calls `torch_library`."""
