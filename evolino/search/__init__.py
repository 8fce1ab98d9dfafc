"""Who draws the genomes."""
