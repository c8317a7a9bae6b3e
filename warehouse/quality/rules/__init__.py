"""What is expected of counts and values, as data and SQL: one module a subject."""
