"""Tables of experiments, one file each: <task>-<preset>.toml."""
