# Hint 1: Look at some corrupted digits beside clean ones. Is there a part of the picture where no
# clean digit has ink, and where each stripe has some? Decide there what has to be inverted.
# Hint 2: Copy the pictures and go through them one by one. Digits leave the first row free, so
# where `image[0]` is bright, that column is inverted: pick these columns with a comparison, and
# replace them by 255 minus themselves, in all rows. The other columns stay. The result is still
# uint8.

def repair(images):
    images = images.copy()
    for image in images:
        # Digits leave the first row free, so ink there is a stripe. (The median of a column would
        # take the stem of an upright 1 for one.)
        columns = image[0] > 127
        image[:, columns] = 255 - image[:, columns]
    return images
