"""One file per sub-command: arguments in, library call, table or JSON out; no logic of its own."""
