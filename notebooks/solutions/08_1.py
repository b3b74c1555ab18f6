# Hint 1: A convolution does one multiply-add for each of its weights at each position of its
# output. How many positions are there with padding "same", and how many weights does each of the
# three layers have?
# Hint 2: A weight of the whole convolution belongs to a position in the kernel, an input channel
# and an output channel: multiply the three numbers. The depthwise one has a kernel for each input
# channel, the 1 × 1 one a weight for each pair of channels. Add these two, then multiply by the
# positions of the output.

whole = 14 * 14 * 3 * 3 * 32 * 64
split = 14 * 14 * (3 * 3 * 32 + 32 * 64)
pair = (whole, split)
