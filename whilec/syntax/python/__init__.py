"""A plain Python function to the syntax tree of a WHILE program."""

from whilec.syntax.python.reading import read_function
from whilec.syntax.python.translation import translate, translate_source

__all__ = ["read_function", "translate", "translate_source"]
