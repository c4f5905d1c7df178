"""Rewards and randomisation ranges proposed by a language model, gated, sandboxed and judged by training.

Nothing is here yet: this package holds the place of the loop that issue 8 describes (client, prompts, gate, sandbox,
evolution, randomisation, report). It imports simgen, never the reverse, and adds its own sub-commands by entry point.
"""
