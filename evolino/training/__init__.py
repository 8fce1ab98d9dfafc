"""Ask, evaluate in parallel, tell, record, stop."""
