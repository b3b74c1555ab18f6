# Hint 1: What do the thirty pictures say about 4s, and what do they say about the other nine
# digits? Ask yourself for both separately how many are still read correctly.
# Hint 2: All ten digits are about equally common. Decide for 4s and for the other nine digits how
# many are still read, then take the mean of the ten. The check lets you be 0.1 off.

# Thirty 4s show one thing: that this is a 9. Nothing speaks against the other nine digits, whose
# evidence lies elsewhere in the features. So about all the 4s are lost, a tenth, and little else.
guess = 0.87
