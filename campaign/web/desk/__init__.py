"""The desk: where the team runs its weeks."""
