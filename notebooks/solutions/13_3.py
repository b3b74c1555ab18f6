# Ink where paper was: to the network, all of them are pictures of a kind that it has never seen.
# It reads hardly more than by chance.
guess = 15
