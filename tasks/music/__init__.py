"""Music: blues, Bach's chorales, MIDI files of your own."""
