# Hint 1: The notebook counts the parameters of its own network layer by layer. Which three layers
# have weights here, how many inputs does each have, and how many units?
# Hint 2: For each dense layer: inputs times units, plus what? The first has the 784 pixels as
# inputs; what does the second have, and what the last? Dropout has no parameters.

number_of_parameters = (784 * 128 + 128) + (128 * 64 + 64) + (64 * 10 + 10)
