"""Draw `multiply.png`, figure 2 of the AlgoNet paper, with `whilec plot`."""

from __future__ import annotations

from pathlib import Path

from whilec.cli.main import main

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent / "programs" / "multiply.while"

if __name__ == "__main__":
    main(["plot", str(PROGRAM), "x1=0:8:41", "x2=0:8:41", "-o", str(HERE / "multiply.png")])
