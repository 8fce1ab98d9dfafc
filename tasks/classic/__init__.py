"""Classic tests of recurrent networks: parity of long sequences."""
