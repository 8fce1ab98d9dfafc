"""Control: networks that act, without velocities, by memory."""
