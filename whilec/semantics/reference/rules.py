"""The tables from kinds of expressions to their builders."""

from __future__ import annotations

from whilec.semantics.reference import calls, conditions, indices, values
from whilec.semantics.reference.scope import Rules
from whilec.syntax import ast

RULES = Rules(
    values={
        ast.Number: values.literal,
        ast.Name: values.variable,
        ast.Negate: values.negation,
        ast.Binary: values.operation,
        ast.Index: indices.element,
        ast.Call: calls.value_call,
    },
    conditions={
        ast.Compare: conditions.comparison,
        ast.Connective: conditions.connective,
        ast.Not: conditions.negation,
    },
)
