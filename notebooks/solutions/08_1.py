whole = 14 * 14 * 3 * 3 * 32 * 64
split = 14 * 14 * (3 * 3 * 32 + 32 * 64)
pair = (whole, split)
