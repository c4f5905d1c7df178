"""One dataset by many processes or machines: a coordinator shares out episodes, workers simulate and write them.

The coordinator keeps the same schedules as a run in one process, so what is kept and how much is tried are the same
too. Workers stage episodes where shards are made (simgen.data.staging) and make the shards; what is staged survives
every death.
"""
