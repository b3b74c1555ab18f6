def read_strictly(picture, least):
    digits = utils.read_digits(picture)
    return "".join(str(d.digit) for d in digits if d.probability >= least)
