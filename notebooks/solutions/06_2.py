def read_pin(picture, least=0.5):
    digits = utils.read_digits(picture)
    if len(digits) != 4 or min(d.probability for d in digits) < least:
        return None
    return "".join(str(d.digit) for d in digits)
