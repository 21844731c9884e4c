"""From files and texts to diagnostics, formatted text and results; the only reader of programs."""
