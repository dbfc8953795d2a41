"""What alembic runs: on the engine it is given, in one transaction."""

from alembic import context

from campaign.store.database import tables

with context.config.attributes["engine"].connect().execution_options(writes=True) as connection, connection.begin():
    context.configure(connection=connection, target_metadata=tables.metadata, render_as_batch=True)
    context.run_migrations()
