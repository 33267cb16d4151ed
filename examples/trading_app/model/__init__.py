"""The frozen model: weights, preprocessing and inference, and golden predictions."""
