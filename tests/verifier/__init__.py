"""A second, independent reading of docs/spec: it decodes and verifies every Longear object and shares no code with the Rust crates.

It is slow and simple on purpose, and only meant for tests. `python -m verifier tree DIR ADDRESS` checks a folder,
`verify.py` runs the vectors, `make_vectors.py` writes them.
"""
