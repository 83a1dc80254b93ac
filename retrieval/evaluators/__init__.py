"""Evaluation of collections: what `retrieval.evaluation` measures, applied to a collection's own encoder and index."""
