"""Other people's libraries, loaded when they are measured."""
