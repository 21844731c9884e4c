"""A plain Python function to the syntax tree of a WHILE program."""

from whilec.syntax.python.reading import read_function
from whilec.syntax.python.translation import translate, translate_source
from whilec.syntax.python.wording import in_python

__all__ = ["in_python", "read_function", "translate", "translate_source"]
