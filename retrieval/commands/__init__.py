"""The sub-commands of `retrieval` that need no more than the library."""
