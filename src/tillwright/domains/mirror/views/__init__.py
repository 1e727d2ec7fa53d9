"""The mirror as SQL: a view a kind in the schema `stripe`, with typed columns, for people with BI tools."""
