"""The sections of the page, each a function from what was gathered to markup."""
