# Hint 1: One of the three steps in the notebook makes a picture smaller. Do that to the whole
# scan, and leave out the other two.
# Hint 2: `scale_to_20` calls `cv2.resize` for the box. Which of its arguments change if the whole
# scan is to become 28 by 28? The result is uint8 without any further step.

def shrink_only(scan):
    return cv2.resize(scan, (28, 28), interpolation=cv2.INTER_AREA)
