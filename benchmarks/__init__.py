"""Races of ``engagement`` with the programs that do the same job; see ``docs/benchmarks.md``."""
