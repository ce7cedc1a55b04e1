"""Writes every test/oracle/<loss>.json, then checks the files."""

import importlib
import sys

sys.dont_write_bytecode = True
SCRIPTS = ["cross_entropy", "linear_cross_entropy", "elementwise", "row", "pairwise", "generative", "reductions", "worked", "validate"]

if __name__ == "__main__":
    for name in sys.argv[1:] or SCRIPTS:
        importlib.import_module(name).build()
