"""The tests, a package so that no other's folder called tests, as that of model-index, is taken for them."""
