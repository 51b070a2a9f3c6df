"""Tasks from a recipe to a published version, a module each; runs and publishing look them up."""
