"""Every table belongs to an organisation and is guarded, or says why it does not."""

from __future__ import annotations

import psycopg

from tillwright.kit.seal import Secret

TABLES = """
select c.relname as name, c.relrowsecurity as guarded, obj_description(c.oid) as comment,
  exists (select 1 from pg_attribute a
     where a.attrelid = c.oid and a.attname = 'organisation_id' and a.attnotnull) as owned,
  (select count(*) from pg_policies p where p.schemaname = 'tillwright' and p.tablename = c.relname
     and p.qual like '%tillwright.organisation%' and p.with_check like '%tillwright.organisation%') as policies,
  exists (select 1 from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
     where i.indrelid = c.oid and a.attname = 'organisation_id') as indexed
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'tillwright' and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'alembic_version'
"""


def test_each_table_is_a_tenants_or_says_why_not(database_url: Secret) -> None:
    with psycopg.connect(database_url.reveal()) as connection:
        rows = connection.execute(TABLES).fetchall()
    assert len(rows) > 8
    for name, guarded, comment, owned, policies, indexed in rows:
        if name == "organisations":
            assert (guarded, policies) == (True, 1)
        elif (comment or "").startswith("global: "):
            assert len(comment) > 30, f"{name}: the reason is too short to be one"
        else:
            assert (guarded, owned, policies, indexed) == (True, True, 1, True), (
                f"{name} is not declared by tenant_table"
            )


def test_functions_that_cross_organisations_are_few_and_closed_to_others(database_url: Secret) -> None:
    with psycopg.connect(database_url.reveal()) as connection:
        rows = connection.execute(
            "select p.proname, p.prosecdef, p.proconfig, p.proacl::text, p.prosrc from pg_proc p "
            "join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'tillwright'"
        ).fetchall()
    definers = [row for row in rows if row[1]]
    # One that names the transaction's own organisation applies the policy by hand, for an index that needs it so.
    crossing = [row for row in definers if "current_setting('tillwright.organisation'" not in row[4]]
    assert 1 <= len(crossing) <= 34, (
        "each function that crosses organisations widens what an injected statement could see"
    )
    for name, _, config, acl, _ in definers:
        assert any("search_path=tillwright, pg_temp" in c for c in config or []), name
        assert not any(grant.startswith("=") for grant in acl.strip("{}").split(",")), f"{name} is open to everybody"
