"""``python -m conformance`` is the same as the ``ptycho-conformance`` command."""

from conformance.commands.cli import main

if __name__ == "__main__":
    main()
