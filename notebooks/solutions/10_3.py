# Hint 1: `utils.read_digits` gives for each digit what you need: which one it is, and how probable.
# The part "On photos" uses both.
# Hint 2: Go through what `utils.read_digits` returns, in its order. Keep those whose `probability`
# is at least `least` (equal is enough). Turn each `digit` that is left into a string with `str` and
# put them together with `"".join`.

def read_strictly(picture, least):
    digits = utils.read_digits(picture)
    return "".join(str(d.digit) for d in digits if d.probability >= least)
