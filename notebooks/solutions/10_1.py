def slashed(zero):
    return cv2.line(zero.copy(), (6, 22), (21, 5), 255, 2)
