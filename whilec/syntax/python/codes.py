"""What can be wrong with a Python function that should become a WHILE program."""

from __future__ import annotations

from whilec.diagnostics.model import Code, Example


def _example(body: str, head: str = "def f(x):", *, before: str = "") -> Example:
    """A decorated function as a file."""
    lines = [f"    {line}\n" if line else "\n" for line in body.split("\n")]
    return Example(
        f"import whilec\n{before}\n\n@whilec.smooth\n{head}\n{''.join(lines)}", command="", language="python"
    )


NO_SOURCE = Code(
    "E0140",
    "a Python function whose source cannot be read",
    """
`whilec.smooth` reads the text of a function and not its bytecode, so that its messages can point at
lines. The text must be in a file, a notebook cell or a doctest. It is unknown for functions typed at
Python's prompt and for those made by `exec`, and a file that has changed since it was loaded may no longer
have the function where it was. Write the function into a file, and load it again after a change; or write
the program as a text in the language itself.
""",
    Example(
        'import whilec\n\nexec("def f(x):\\n    return x", names := {})\nwhilec.smooth(names["f"])\n',
        command="",
        language="python",
    ),
)

NO_FUNCTION = Code(
    "E0141",
    "something that is not a plain Python function",
    """
What becomes a program is a function written with `def` outside of a class. A lambda has no statements, a
method needs its object, a coroutine or generator gives its results bit by bit, and a function that another
decorator has wrapped is not the one that one reads. Write a plain function, and let `@whilec.smooth` be its
only decorator, or the last one to be applied.
""",
    Example("import whilec\n\nwhilec.smooth(lambda x: x + 1)\n", command="", language="python"),
)

STATEMENT = Code(
    "E0142",
    "a Python statement outside of the language",
    """
The body of a smooth function consists of assignments, `while`, `for` over a `range`, `if`, and one `return`
at its end. A smooth program executes both arms of a choice and every loop to a degree, so there are no
jumps: what `break` and `continue` do must be said by conditions. There are no exceptions, no objects and no
files, and a module is imported outside of the function.
""",
    _example("while x > 1:\n    x = x / 2\n    if x < 3:\n        break\nreturn x"),
)

EXPRESSION = Code(
    "E0143",
    "a Python expression outside of the language",
    """
Expressions are made of numbers, variables, elements of arrays, `+ - * / // % **`, comparisons,
`and or not`, and calls of functions. There are no texts, lists, comprehensions, slices or attributes.
`//` and `%` are for static whole numbers, those known before the program runs.
""",
    _example("y = [x, x]\nreturn y"),
)

ANNOTATION = Code(
    "E0144",
    "an annotation that is no type of the language",
    """
There are real and whole numbers and arrays of them: `whilec.Real`, `whilec.Int`, `whilec.Real["n"]`,
`whilec.Int["n", "m + 1"]`. Each size is an expression of its own, in quotes where Python would not know
its names. `float` and `int` may be written for single numbers. A parameter without an annotation is a real
number.
""",
    _example("return x", 'def f(x: "list[float]"):'),
)

PARAMETER = Code(
    "E0145",
    "a parameter that is neither an input nor a PARAM",
    """
Positional parameters are the inputs of the program, and every input must be given. Parameters after a `*`
have a start value and become trainable PARAMs: `def f(x, *, w: whilec.Real = 1.0)`. There are no `*args` and
`**kwargs`, because the number of inputs of a program is fixed.
""",
    _example("x = x * scale\nreturn x", "def f(x, scale=2.0):"),
)

OUTPUT = Code(
    "E0146",
    "a `return` that does not name the outputs",
    """
The last statement of the function is `return y` or `return a, b`: it names the variables that are the
outputs of the program. A smooth program cannot be left early, because every path through it counts to a
degree; assign to a variable in the arms of an `if` and return this variable at the end.
""",
    _example("if x > 0:\n    return x\nreturn x"),
)

NAME = Code(
    "E0147",
    "a name that the language cannot have",
    """
Names consist of the letters `a` to `z` and `A` to `Z`, digits and `_`. The keywords of the language are
reserved, in capitals and in small letters; some of them are ordinary names in Python, such as `step`, `to`,
`loop`, `end`, `do`, `then`, `const` and `var`.
""",
    _example("step = x / 2\nreturn step"),
)

OUTSIDE = Code(
    "E0148",
    "a name from outside that is no number",
    """
A function may read numbers of its module, and of a function around it: they become CONSTs, with the value
that they have when the function is decorated. Other values, such as lists and tensors, must be passed as
inputs. A name must be known when the function is decorated: write constants and helper functions above it.
""",
    _example("y = table[0] * x\nreturn y", before="\ntable = [1, 2]\n"),
)

FUNCTION = Code(
    "E0149",
    "a call of a Python function that is not smooth",
    """
A program calls the functions of the language and other smooth functions. `min`, `max`, `abs`, `sum`, `len`,
`pow` and those of `math` that the language has are recognised. A function of one's own is decorated with
`@whilec.smooth` too, above the one that calls it; it becomes a DEF of the program. It cannot call itself.
""",
    _example("y = twice(x)\nreturn y", before="\n\ndef twice(x):\n    y = 2 * x\n    return y\n"),
)

LOOP = Code(
    "E0150",
    "a `for` loop that is neither a FOR nor a LOOP",
    """
`for i in range(n)` with bounds that are known before the program runs becomes a FOR: the bounds are made of
numbers, sizes of arrays, constants and variables of loops around it. With other bounds it becomes a LOOP,
whose number of trips is smooth; a LOOP has no variable, so `i` must not be used in it. Count by hand and
write a `while` where it is needed. The step of a range must be a number, because its sign decides where the
loop ends. Elements of an array are visited by their indices.
""",
    _example("y = 0\nfor a in x:\n    y += a\nreturn y", 'def f(x: whilec.Real["n"]):'),
)

CHAIN = Code(
    "E0151",
    "a chain of comparisons in Python",
    """
Python reads `a < b < c` as two comparisons joined by `and`. In a smooth program each comparison has a degree
of its own and `and` is a product, so both comparisons are written out: `a < b and b < c`.
""",
    _example("y = 0\nif 0 < x < 1:\n    y = x\nreturn y"),
)

NEGATIVE_INDEX = Code(
    "E0152",
    "an index that counts from the end",
    """
Indices count from 0, and negative ones are out of range. The last element of an array is `a[n - 1]`, where
`n` is its size, or `a[len(a) - 1]`.
""",
    _example("y = a[-1]\nreturn y", 'def f(a: whilec.Real["n"]):'),
)

DECLARATION = Code(
    "E0153",
    "a declaration where none can stand",
    """
An annotation such as `t: whilec.Real["n"] = 0.0` declares a variable of the program with its type and start
value. A program has its declarations at the top, so the annotation stands in the function's outermost block,
before the variable is used, and only once.
""",
    _example("y = 0\nfor i in range(3):\n    t: whilec.Real = 0.0\n    y = y + t\nreturn y"),
)

ORDER = Code(
    "E0154",
    "a parallel assignment whose order matters in Python",
    """
In `i, a[i] = 1, x` Python assigns `i` first and then uses the new `i` as the index. The language evaluates
all values and all indices before it assigns anything. So that the program means what the function means,
write such an assignment as two.
""",
    _example("i = 0\ni, a[i] = 1, 2.0\nreturn a", 'def f(a: whilec.Real["n"]):'),
)

STEEPNESS = Code(
    "E0155",
    "a steepness for something that is no comparison",
    """
`whilec.steep(a < b, 8.0)` gives one comparison a steepness of its own. Its first argument is a comparison,
not a whole condition with `and`, `or` or `not`, and its second a constant or an expression of PARAMs.
""",
    _example("y = 0\nif whilec.steep(x < 1 and x > 0, 8.0):\n    y = x\nreturn y"),
)

NUMBER = Code(
    "E0156",
    "a Python number that the language cannot have",
    """
Numbers are whole or real. A real number is finite, at most about 1.8e308, and a whole number has at most a
million bits. There are no complex numbers and no truth values: compare something, `1 == 1`, where a
condition is meant.
""",
    _example("y = 2j * x\nreturn y"),
)
