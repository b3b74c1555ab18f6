# Thirty 4s show one thing: that this is a 9. Nothing speaks against the other nine digits, whose
# evidence lies elsewhere in the features. So about all the 4s are lost, a tenth, and little else.
guess = 0.87
