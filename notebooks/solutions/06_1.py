# Hint 1: You read the digits in order, as on a page. What do you have to remember about the
# previous digit to notice that a new row has begun?
# Hint 2: In a loop, `d.box[0]` is the left edge of a digit and `d.digit` what it is read as. Keep
# the left edge of the previous digit in a variable that starts below 0. If the new edge is smaller,
# add "\n" to the text first, then add the digit as a string. The text starts empty.

def as_lines(digits):
    text, before = "", -1
    for d in digits:
        left = d.box[0]
        if left < before:
            text += "\n"
        text += str(d.digit)
        before = left
    return text
