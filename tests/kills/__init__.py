"""Real processes that connect, rotate, delete and switch, and are killed with SIGKILL at each numbered point."""
