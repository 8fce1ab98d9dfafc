"""Music as records: written and read as MIDI, and synthesised without other programs."""
