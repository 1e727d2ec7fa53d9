"""The rooms: what Tillwright is about, stacked; an upper room may use a lower one."""
