"""Networks: what is evolved. Architectures, their equations, their kernels.

ARCHITECTURES maps an architecture's name to "module:Class"; the module is imported when it
is used. UNNAMED is the one that config.toml and model.npz hold without its name.
"""

ARCHITECTURES = {
    "convolutional": "evolino.network.convolutional:ConvLSTM",
    "lstm": "evolino.network.lstm:LSTM",
    "stacked": "evolino.network.stacked:StackedLSTM",
}
UNNAMED = "lstm"
