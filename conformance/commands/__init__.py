"""The ``ptycho-conformance`` command."""
