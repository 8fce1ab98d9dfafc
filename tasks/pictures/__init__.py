"""Pictures that move: frames of a sequence, predicted by convolutional networks."""
