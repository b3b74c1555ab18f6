"""Digits as a person draws them on the pad, one stroke each."""

import math

# Points in hundredths of the pad's width and height.
ONE = [(50, 20), (50, 50), (50, 80)]
SEVEN = [(10, 20), (20, 20), (30, 20), (26, 40), (23, 60), (20, 80)]
ZERO = [
    (80 + 10 * math.sin(math.tau * i / 12), 50 - 30 * math.cos(math.tau * i / 12))
    for i in range(13)
]
