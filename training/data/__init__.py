"""Text for training: loaders of public datasets, a user's own tables, batches and their order.

Nothing here knows about networks, tokenizers or torch.
"""
