"""Full-text search over what is said of documents: their titles and captions.

`words` says what a word is and which a document has, `query` what a user's text asks for; `sqlite` and `postgresql`
keep the index, `index` is the one of a connection's database.
"""
