# Hint 1: Two things can be wrong: the number of digits, and how sure each one is. Which do you have
# to check first, so that the other check also works on a picture without a digit?
# Hint 2: Call `utils.read_digits` once and keep the list. Return None if its `len` is not 4 `or`
# the `min` of all `d.probability` is below `least`; `or` skips the second part if the first is
# True. Otherwise put the digits together, each as `str`, with `"".join`.

def read_pin(picture, least=0.5):
    digits = utils.read_digits(picture)
    if len(digits) != 4 or min(d.probability for d in digits) < least:
        return None
    return "".join(str(d.digit) for d in digits)
