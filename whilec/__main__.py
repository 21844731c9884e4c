"""`python -m whilec`: the command line."""

from __future__ import annotations

from whilec.cli.main import main

if __name__ == "__main__":
    main()
