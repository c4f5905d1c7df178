"""rerun recordings: one .rrd for each episode."""
