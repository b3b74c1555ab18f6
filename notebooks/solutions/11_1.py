# Hint 1: Pooling has no parameters of its own, and the convolutions before it stay as they are. So
# look at the dense layer: how many numbers reach it without the pooling, and how many with it?
# Hint 2: A dense layer has one weight for each pair of an input and an output, and one bias for
# each output. Its inputs are rows times columns times channels. Pooling of 2 × 2 halves the rows
# and halves the columns; the channels stay. Multiply by the ten outputs, with and without pooling,
# and take the difference. The biases are the same in both.

saved = 8 * 8 * 64 * 10 - 4 * 4 * 64 * 10
