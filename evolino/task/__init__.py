"""Tasks: series and splits, the protocol of a task, optional protocols."""
