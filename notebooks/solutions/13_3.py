# Hint 1: What do the pictures look like that the network has learned from, and what of that still
# holds when ink and paper are swapped?
# Hint 2: Nearly the whole picture is ink now, and at every place most filters see what they have
# never seen. How many of a hundred does somebody get right who guesses among ten digits? The check
# lets you be 25 off.

# Ink where paper was: to the network, all of them are pictures of a kind that it has never seen.
# It reads hardly more than by chance.
guess = 15
