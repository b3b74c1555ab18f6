# Hint 1: A picture is an array, and OpenCV draws into the array that it gets. What does that mean
# for the zero you were given? And is the row of the lower left a small or a large number?
# Hint 2: Make a `copy` of the zero, then call `cv2.line` with the copy, two points, the brightness
# 255 and the thickness 2. OpenCV writes a point as (column, row), so the lower left has a small
# first and a large second number. `cv2.line` also returns the array.

def slashed(zero):
    return cv2.line(zero.copy(), (6, 22), (21, 5), 255, 2)
