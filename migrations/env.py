"""Alembic's entry: runs on the connection that `retrieval.metadata.schema.upgrade` hands over."""

from alembic import context

from retrieval.metadata.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
