number_of_parameters = (784 * 128 + 128) + (128 * 64 + 64) + (64 * 10 + 10)
