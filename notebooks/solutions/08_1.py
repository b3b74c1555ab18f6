# Hint 1: A convolution does one multiply-add for each of its weights at each place of its output.
# How many places are there with padding "same", and how many weights does each of the three layers
# have?
# Hint 2: A weight of the whole convolution belongs to a place in the kernel, a channel that comes
# in and a channel that goes out: multiply the three numbers. The depthwise one has a kernel for
# each channel that comes in, the 1 × 1 one a weight for each pair of channels. Add these two, then
# multiply by the places.

whole = 14 * 14 * 3 * 3 * 32 * 64
split = 14 * 14 * (3 * 3 * 32 + 32 * 64)
pair = (whole, split)
