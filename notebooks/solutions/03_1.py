# Hint 1: The notebook counts the parameters of its own network layer by layer. Which three layers
# have weights here, how many numbers does each receive, and how many units has it?
# Hint 2: For each dense layer: inputs times units, plus one bias for each unit. The first receives
# the 784 pixels, each later one as many numbers as the layer before it has units, and the last one
# has ten units. Dropout has no parameters. Add the three up.

number_of_parameters = (784 * 128 + 128) + (128 * 64 + 64) + (64 * 10 + 10)
