def shrink_only(scan):
    return cv2.resize(scan, (28, 28), interpolation=cv2.INTER_AREA)
