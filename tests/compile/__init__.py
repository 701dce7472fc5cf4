"""Tests of the compiler: every kernel against CPython."""
