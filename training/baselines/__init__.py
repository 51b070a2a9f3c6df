"""The lines that a classifier must beat: models of bags of words, cheap to train on the same data.

One model a file; ``build.py`` has their names and ``scoring.py`` puts them to a recipe's data. They
know nothing about recurrent networks, tokenizers or the service.
"""
