"""Alembic's entry: runs on the connection that `retrieval.metadata.schema.upgrade` hands over."""

from alembic import context

from retrieval.metadata.tables import is_in, metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=is_in(connection.dialect.name),
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
