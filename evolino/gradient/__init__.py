"""Gradients through the solved readout: descent on the loss that evolution selects on."""
