"""The intermediate representation: a program after checking, with path weights made explicit."""
