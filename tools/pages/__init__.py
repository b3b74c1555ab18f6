"""Makes pictures of pages with handwriting on them, and says exactly which digits lie where.

`hands.py` writes digits and other signs, `ground.py` makes paper, light and wear, `page.py` puts
them together. What is kept for measuring is never drawn for training: see `hands.Hands`.
"""
