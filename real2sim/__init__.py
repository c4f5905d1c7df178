"""Measurements of the real world made into assets, parameters and verdicts on the simulation.

Nothing is here yet: this package holds the place of the tools that issue 11 describes (scan, identify, twin,
compare). It imports simgen, never the reverse, and adds its own sub-commands by entry point.
"""
