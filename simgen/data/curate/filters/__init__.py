"""The filters, one file each: settings, and what is measured of an episode."""
