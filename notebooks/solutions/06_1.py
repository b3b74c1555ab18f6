def as_lines(digits):
    text, before = "", -1
    for d in digits:
        left = d.box[0]
        if left < before:
            text += "\n"
        text += str(d.digit)
        before = left
    return text
