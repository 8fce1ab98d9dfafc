"""Tables over seeds, and results as Markdown."""
