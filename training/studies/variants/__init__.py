"""What each setting of a recipe is worth: it is trained again with one of them changed."""
