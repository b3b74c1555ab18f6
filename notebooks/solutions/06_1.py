def as_number(digits):
    return "".join(str(d.digit) for d in digits)
